"""Everything that knows a platform; imports nothing from `bot`."""
