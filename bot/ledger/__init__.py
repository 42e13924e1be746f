"""The ledger: the durable record of articles, deliveries and attempts, and the only door to the database."""
