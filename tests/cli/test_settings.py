from scheduler.config.reference import reference


def test_settings_in_force_are_shown_without_secrets(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_SECRET_KEY", "canary" * 8)
    monkeypatch.setenv("DIRIGENT_PORT", "9000")

    shown = dirigent("config", "show", "--output", "json").json

    assert shown["port"] == 9000
    assert "canary" not in str(shown)


def test_the_reference_is_printed(dirigent):
    assert dirigent("config", "reference").out == reference()
