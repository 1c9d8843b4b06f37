"""Settings: what is read from where, what wins, and how each kind of nonsense is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.errors import InputError
from bot.settings import SETTINGS, Settings, load

SECRET = "xoxb-very-secret-17"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(toml: str, environ: Mapping[str, str] | None = None) -> Settings:
    path = Path("settings.toml")
    path.write_text(toml, encoding="utf-8")
    return load({"KINDLING_CONFIG": str(path), **(environ or {})})


def refusal(toml: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(InputError) as refused:
        loaded(toml, environ)
    return str(refused.value)


def test_nothing_said_gives_the_documented_defaults() -> None:
    """With no file and no variable every setting has the default that the table documents."""
    settings = load({})

    assert {s.name: s.default for s in SETTINGS} == {s.name: getattr(settings, s.name) for s in SETTINGS}
    assert () == settings.sources


def test_file_in_the_current_folder_is_found() -> None:
    """kindling.toml beside us needs no pointing at."""
    Path("kindling.toml").write_text('[nudges]\nset_up_by = "Robin Osei"\n', encoding="utf-8")

    assert "Robin Osei" == load({}).set_up_by


def test_environment_wins() -> None:
    """A variable beats the file."""
    settings = loaded("[privacy]\nretention_days = 200\n", {"KINDLING_RETENTION_DAYS": "300"})

    assert 300 == settings.retention_days


def test_every_setting_of_the_file_is_read() -> None:
    """Each key lands in its field, in the form the code uses."""
    settings = loaded(
        """
        database_url = "postgresql://kindling@db/kindling"
        slack_api_url = "https://slack-gov.com/api"
        http_addr = "0.0.0.0:8080"
        transport = "http"
        [privacy]
        retention_days = 180
        [nudges]
        on = false
        set_up_by = "Robin Osei's enablement team"
        [commands]
        stats = "/lantern-ai"
        [otlp]
        addr = "0.0.0.0:4318"
        [roles]
        leads = ["Robin.Osei@lantern.example"]
        operators = ["ops@lantern.example", "ops@lantern.example"]
        """
    )

    assert "postgresql+psycopg://kindling@db/kindling" == settings.database_url
    assert "https://slack-gov.com/api/" == settings.slack_api_url
    assert ("0.0.0.0", 8080) == (settings.http_host, settings.http_port)
    assert ("0.0.0.0", 4318) == settings.otlp_listen
    assert ("http", 180, False, "/lantern-ai") == (
        settings.transport,
        settings.retention_days,
        settings.nudges_on,
        settings.stats_command,
    )
    assert (("robin.osei@lantern.example",), ("ops@lantern.example",)) == (settings.leads, settings.operators)


def test_source_takes_its_key_from_the_named_variable() -> None:
    """The file names a variable; the key itself never stands in it."""
    settings = loaded(
        '[[source]]\nkind = "claude_code"\napi_key_env = "CLAUDE_KEY"\ncovers = ["*@Lantern.example"]\n',
        {"CLAUDE_KEY": SECRET},
    )

    assert 1 == len(settings.sources)
    source = settings.sources[0]
    assert ("claude_code", "claude_code", SECRET) == (source.kind, source.name, source.api_key)
    assert ("*@lantern.example",) == source.covers


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.key is None], ids=lambda s: s.name)
def test_secret_may_come_from_a_file(setting: object, tmp_path: Path) -> None:
    """Every secret also as NAME_FILE, trimmed."""
    from bot.settings import Setting

    assert isinstance(setting, Setting)
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n", encoding="utf-8")

    assert SECRET == getattr(load({f"{setting.env}_FILE": str(path)}), setting.name)


def test_secrets_stay_out_of_the_repr() -> None:
    """Printing the settings shows no token, key or database password."""
    settings = loaded(
        'database_url = "postgresql://me:pa55@db/kindling"\n[[source]]\nkind = "claude_code"\napi_key_env = "K"\n',
        {"K": SECRET, **{setting.env: SECRET for setting in SETTINGS if setting.key is None}},
    )

    assert SECRET not in repr(settings)
    assert "pa55" not in repr(settings)


def test_variables_of_an_orchestrator_are_left_alone() -> None:
    """Kubernetes adds KINDLING_PORT and its like for a service called kindling; they are not ours to refuse."""
    assert load({"KINDLING_PORT": "tcp://10.0.0.1:80", "KINDLING_SERVICE_HOST": "10.0.0.1"})


REFUSED_FILES = {
    "a key that is none": ("nugdes = 1\n", "nugdes"),
    "a key of a section": ("[nudges]\nonn = true\n", "did you mean nudges.on"),
    "a section as a value": ("nudges = true\n", "[nudges]"),
    "a secret in the file": (f'slack_bot_token = "{SECRET}"\n', "SLACK_BOT_TOKEN_FILE"),
    "days as a word": ('[privacy]\nretention_days = "long"\n', "privacy.retention_days"),
    "too few days": ("[privacy]\nretention_days = 30\n", "from 112 to 3650"),
    "days as yes": ("[privacy]\nretention_days = true\n", "privacy.retention_days"),
    "a switch as a number": ("[nudges]\non = 3\n", "true or false"),
    "nobody set it up": ('[nudges]\nset_up_by = " "\n', "nudges.set_up_by"),
    "a transport of fancy": ('transport = "pigeon"\n', "transport"),
    "a command with capitals": ('[commands]\nstats = "/AI Stats"\n', "commands.stats"),
    "roles that are no list": ('[roles]\nleads = "robin"\n', "roles.leads"),
    "roles that are no addresses": ('[roles]\noperators = ["robin"]\n', "roles.operators"),
    "an address without a port": ('http_addr = "localhost"\n', "http_addr"),
    "a port too far": ('http_addr = "localhost:99999"\n', "http_addr"),
    "an API that is no web address": ('slack_api_url = "slack.com"\n', "slack_api_url"),
    "a database that is none": ('database_url = "mysql://x"\n', "database_url"),
    "a source without a kind": ('[[source]]\nname = "x"\n', "kind"),
    "a source with a strange key": ('[[source]]\nkind = "claude_code"\ntoken = "x"\n', "token"),
    "a source with its key missing": ('[[source]]\nkind = "claude_code"\napi_key_env = "NO_KEY"\n', "NO_KEY"),
    "a source with a wrong address": ('[[source]]\nkind = "claude_code"\nbase_url = 3\n', "base_url"),
    "two sources of one name": ('[[source]]\nkind = "a"\n[[source]]\nkind = "a"\n', "two sources"),
    "one source as a section": ('[source]\nkind = "a"\n', "[[source]]"),
    "people who are none": ('[[source]]\nkind = "a"\ncovers = ["*"]\n', "covers"),
    "not TOML": ("= = =\n", "not valid TOML"),
}


@pytest.mark.parametrize(("toml", "named"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_wrong_file_is_refused_in_one_sentence(toml: str, named: str) -> None:
    """Each kind of wrong file is refused with its name, in one line, and without a secret."""
    said = refusal(toml)

    assert named in said
    assert "settings.toml" in said
    assert 1 == len(said.splitlines())
    assert SECRET not in said


REFUSED_VARIABLES = {
    "a name misspelt": ({"KINDLING_DATABSE_URL": "sqlite:///x.db"}, "did you mean KINDLING_DATABASE_URL"),
    "a Slack name misspelt": ({"SLACK_BOT_TOKN": SECRET}, "did you mean SLACK_BOT_TOKEN"),
    "a value that is wrong": ({"KINDLING_TRANSPORT": "carrier"}, "KINDLING_TRANSPORT"),
    "both ways at once": ({"SLACK_BOT_TOKEN": SECRET, "SLACK_BOT_TOKEN_FILE": "x"}, "both set"),
    "a secret's file that is missing": ({"SLACK_APP_TOKEN_FILE": "nowhere"}, "SLACK_APP_TOKEN_FILE"),
    "a settings file that is missing": ({"KINDLING_CONFIG": "nowhere.toml"}, "nowhere.toml"),
    "a settings file that is a folder": ({"KINDLING_CONFIG": "."}, "cannot be read"),
}


@pytest.mark.parametrize(("environ", "named"), REFUSED_VARIABLES.values(), ids=REFUSED_VARIABLES)
def test_wrong_variable_is_refused_in_one_sentence(environ: dict[str, str], named: str) -> None:
    """Each kind of wrong environment is refused with its name, in one line, and without a secret."""
    with pytest.raises(InputError) as refused:
        load(environ)

    assert named in str(refused.value)
    assert 1 == len(str(refused.value).splitlines())
    assert SECRET not in str(refused.value)


def test_file_of_another_encoding_is_refused() -> None:
    """A file that is not UTF-8 is told apart from one that is not TOML."""
    Path("kindling.toml").write_bytes(b'[nudges]\nset_up_by = "Ren\xe9"\n')

    with pytest.raises(InputError, match="UTF-8"):
        load({})


def test_empty_secret_file_is_refused(tmp_path: Path) -> None:
    """An empty secret is a mistake, not an answer."""
    (tmp_path / "empty").write_text("\n", encoding="utf-8")

    with pytest.raises(InputError, match="is empty"):
        load({"SLACK_SIGNING_SECRET_FILE": str(tmp_path / "empty")})


def test_every_setting_says_what_it_is_for() -> None:
    """The table that documents the settings holds each field of `Settings` once, with a help text."""
    fields = set(Settings.__dataclass_fields__) - {"sources"}

    assert fields == {setting.name for setting in SETTINGS}
    assert all(setting.help for setting in SETTINGS)
    assert len(SETTINGS) == len({setting.env for setting in SETTINGS})


def test_reference_lists_every_setting() -> None:
    """docs/reference/settings.md has a row for each setting: variable, key, default and what it is for."""
    page = (Path(__file__).parents[1] / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| `")}

    for setting in SETTINGS:
        row = rows[f"`{setting.env}`"]
        assert f"| `{setting.key}` |" in row if setting.key else "| – |" in row
        assert setting.help in row
        assert not setting.default or str(setting.default).lower() in row.lower()


def test_two_commands_have_two_names() -> None:
    """One name for both commands is refused: only one of them could answer."""
    said = refusal("", {"KINDLING_STATS_COMMAND": "/ai", "KINDLING_TEAM_COMMAND": "/ai"})

    assert "are both /ai: give each its own name" in said


def test_user_group_is_its_id() -> None:
    """Roles by a user group name it by its id, and nothing else is taken for one."""
    told = loaded('[roles]\nlead_group = "S0123ABCD"\n')

    assert ("S0123ABCD", None) == (told.lead_group, told.operator_group)
    assert "roles.operator_group must be the id of a Slack user group" in refusal(
        '[roles]\noperator_group = "@leads"\n'
    )
