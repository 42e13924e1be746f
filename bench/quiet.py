"""What is measured logs only what goes wrong, in every process: the rest would bury the tables."""

import logging

import structlog


def log_errors_only() -> None:
    """For the process that calls it; one that is spawned begins with the whole log again."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
