"""What the commands say of the source whose articles are posted here."""

from tests.cli.running import Handbill

HOOK = {
    "HANDBILL_SOURCES": "",
    "HANDBILL_WEB__LISTEN": "127.0.0.1:8080",
    "HANDBILL_WEB__HOOK_SECRET": "b0a7" * 8,
    "HANDBILL_WEB__PUBLIC_URL": "https://handbill.example",
}


def test_status_and_sources_show_it(handbill: Handbill) -> None:
    """It is there, waits to be posted to, and is never overdue."""
    answer = handbill("status", **HOOK)
    assert "webhook" in answer.out
    assert "when posted" in answer.out
    assert "overdue" not in answer.out
    assert "webhook" in handbill("sources", **HOOK).out
    assert 0 == handbill("sources", "export", **HOOK).code


def test_check_says_where_to_post(handbill: Handbill) -> None:
    """`check` tells the address, and asks nobody."""
    assert "Articles are posted to https://handbill.example/hooks/articles." in handbill("check", **HOOK).out
