"""The core: knows sources, articles and deliveries; names no platform."""

__version__ = "0.1.0"
