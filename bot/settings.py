"""Every setting there is: read once at start, checked, and frozen.

`load` takes `kindling.toml` and the environment, which wins. Anything it does not understand is refused with its name
and how to mend it, before the database or Slack is touched. Secrets come from the environment alone, or from a file
that NAME_FILE points at, and never appear in a repr, a log or an error. Called by `bot/cli.py`. Next: `bot/app.py`.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.errors import InputError

DEFAULT_CONFIG = Path("kindling.toml")


@dataclass(frozen=True)
class SourceConfig:
    """One `[[source]]` of the file. `api_key` is read from the environment variable that `api_key_env` names.

    `base_url` None means the vendor's own address. `covers` lists e-mail addresses, or "*@domain", of people who can
    reach the tool only in the way that this source sees: for them its silence proves that nothing was used. `account`
    is what the vendor calls the company's account (an organisation, a workspace, a group), `query` narrows what is
    asked for, `path` is a place on this machine.
    """

    kind: str
    name: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    covers: tuple[str, ...] = ()
    account: str | None = None
    query: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Settings:
    """What this installation is told. Secrets are kept out of the repr."""

    database_url: str = field(repr=False)
    slack_bot_token: str | None = field(repr=False)
    slack_app_token: str | None = field(repr=False)
    slack_signing_secret: str | None = field(repr=False)
    slack_api_url: str
    http_addr: str
    transport: str
    retention_days: int
    nudges_on: bool
    approval_from: int
    set_up_by: str
    access_link: str | None
    data_rules_link: str | None
    stats_command: str
    team_command: str
    nudge_command: str
    otlp_addr: str | None
    otlp_token: str | None = field(repr=False)
    leads: tuple[str, ...]
    operators: tuple[str, ...]
    lead_group: str | None
    operator_group: str | None
    sources: tuple[SourceConfig, ...] = ()

    @property
    def http_host(self) -> str:
        return _split_address(self.http_addr)[0]

    @property
    def http_port(self) -> int:
        return _split_address(self.http_addr)[1]

    @property
    def otlp_listen(self) -> tuple[str, int] | None:
        """Host and port for telemetry; None: not wanted."""
        return None if self.otlp_addr is None else _split_address(self.otlp_addr)


class _WrongValueError(Exception):
    """A value is not what its setting needs; the message says what is needed."""


Reader = Callable[[object], Any]


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongValueError("a text that is not empty")
    return value.strip()


def _whole(lowest: int, highest: int, what: str) -> Reader:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"\d{1,6}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise _WrongValueError(f"a whole number of {what}")
        return value

    return read


def _yes_or_no(value: object) -> bool:
    spelled = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
    if isinstance(value, str):
        value = spelled.get(value.strip().lower())
    if not isinstance(value, bool):
        raise _WrongValueError("true or false")
    return value


def _transport(value: object) -> str:
    if value not in ("socket", "http"):
        raise _WrongValueError('"socket" or "http"')
    return str(value)


def _command(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"/[a-z0-9_-]{1,31}", value):
        raise _WrongValueError('a slash command such as "/ai-stats": a slash and 1 to 31 of a-z, 0-9, - and _')
    return value


def _user_group(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"S[A-Z0-9]{2,30}", value.strip()):
        raise _WrongValueError('the id of a Slack user group, such as "S0123ABCD"')
    return value.strip()


def _emails(value: object) -> tuple[str, ...]:
    listed = [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) and _is_email(one.strip()) for one in listed):
        raise _WrongValueError('a list of e-mail addresses, such as ["robin@example.com"]')
    return tuple(dict.fromkeys(one.strip().casefold() for one in listed))


def _people_or_domains(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else None
    if listed is None or not all(
        isinstance(one, str) and _is_email(one.removeprefix("*"), whole="*" not in one) for one in listed
    ):
        raise _WrongValueError('a list of e-mail addresses or "*@domain"')
    return tuple(dict.fromkeys(one.strip().casefold() for one in listed))


def _is_email(text: str, *, whole: bool = True) -> bool:
    return re.fullmatch(r"[^@\s*]" + ("+" if whole else "*") + r"@[^@\s*]+", text) is not None


def _web_address(value: object) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise _WrongValueError("a web address that begins with https:// or http://")
    return parts.geturl().rstrip("/") + "/"


def _page(value: object) -> str:
    parts = urlsplit(value.strip()) if isinstance(value, str) else None
    if parts is None or parts.scheme != "https" or not parts.hostname or re.search(r"[\s<>|]", parts.geturl()):
        raise _WrongValueError("the address of a page, from https:// on")
    return parts.geturl()


def _database(value: object) -> str:
    if not isinstance(value, str) or not re.match(r"(sqlite:///.|postgresql(\+psycopg)?://.)", value):
        raise _WrongValueError('an address such as "sqlite:///kindling.db" or "postgresql://user@host/database"')
    return re.sub(r"^postgresql://", "postgresql+psycopg://", value)


def _address(value: object) -> str:
    if not isinstance(value, str) or _split_address(value)[1] not in range(65536):
        raise _WrongValueError('a host and a port, such as "127.0.0.1:3000"')
    return value


def _split_address(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port) if host and re.fullmatch(r"\d{1,5}", port) else -1


@dataclass(frozen=True)
class Setting:
    """One setting: its field in `Settings`, where it is written, what holds when nobody says anything, and what for."""

    name: str
    env: str
    key: str | None
    """Its dotted key in kindling.toml; None for a secret, which has no place in a file that is shared."""
    default: Any
    read: Reader
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("database_url", "KINDLING_DATABASE_URL", "database_url", "sqlite:///kindling.db", _database,
            "where everything is kept: an SQLite file, or PostgreSQL"),
    Setting("slack_bot_token", "SLACK_BOT_TOKEN", None, None, _text,
            "the bot token (xoxb-) with which Kindling speaks"),
    Setting("slack_app_token", "SLACK_APP_TOKEN", None, None, _text,
            "the app-level token (xapp-) with which Kindling listens over Socket Mode"),
    Setting("slack_signing_secret", "SLACK_SIGNING_SECRET", None, None, _text,
            "what Slack signs its requests with; needed for the http transport"),
    Setting("slack_api_url", "KINDLING_SLACK_API_URL", "slack_api_url", "https://slack.com/api/", _web_address,
            "Slack's Web API; GovSlack and the playground have another one"),
    Setting("http_addr", "KINDLING_HTTP_ADDR", "http_addr", "127.0.0.1:3000", _address,
            "where the http transport listens; Slack posts to /slack/events"),
    Setting("transport", "KINDLING_TRANSPORT", "transport", "socket", _transport,
            "socket (no public address needed) or http"),
    # 112 days: 12 weeks of look-back and the 28 days before, without which no state could be judged.
    Setting("retention_days", "KINDLING_RETENTION_DAYS", "privacy.retention_days", 400,
            _whole(112, 3650, "days from 112 to 3650"),
            "for how many days usage is kept before it is deleted"),
    Setting("nudges_on", "KINDLING_NUDGES_ON", "nudges.on", True, _yes_or_no,
            "false silences every tip and every summary that comes by itself, at once; commands still answer"),
    Setting("approval_from", "KINDLING_APPROVAL_FROM", "nudges.approval_from", 30, _whole(0, 999_999, "people"),
            "from about how many people a campaign needs a second lead; 0: always"),
    Setting("set_up_by", "KINDLING_SET_UP_BY", "nudges.set_up_by", "Your enablement team", _text,
            "who set this up, as the first message says it"),
    Setting("access_link", "KINDLING_ACCESS_LINK", "nudges.access_link", None, _page,
            "the page that says how to ask for a seat, for whoever has no access"),
    Setting("data_rules_link", "KINDLING_DATA_RULES_LINK", "nudges.data_rules_link", None, _page,
            "the page that says which data may go into the tools, which never, and whom to ask"),
    Setting("stats_command", "KINDLING_STATS_COMMAND", "commands.stats", "/ai-stats", _command,
            "the name of the slash command, if another app already owns it"),
    Setting("team_command", "KINDLING_TEAM_COMMAND", "commands.team", "/ai-team", _command,
            "the name of the managers' slash command, if another app already owns it"),
    Setting("nudge_command", "KINDLING_NUDGE_COMMAND", "commands.nudge", "/ai-nudge", _command,
            "the name of the leads' slash command, if another app already owns it"),
    Setting("otlp_addr", "KINDLING_OTLP_ADDR", "otlp.addr", None, _address,
            "where the AI tools may push their telemetry (OTLP over HTTP); without it nothing listens"),
    Setting("otlp_token", "KINDLING_OTLP_TOKEN", None, None, _text,
            "the bearer token that the tools send with it"),
    Setting("leads", "KINDLING_LEADS", "roles.leads", (), _emails,
            "enablement leads, by e-mail address"),
    Setting("operators", "KINDLING_OPERATORS", "roles.operators", (), _emails,
            "who runs this installation, by e-mail address"),
    Setting("lead_group", "KINDLING_LEAD_GROUP", "roles.lead_group", None, _user_group,
            "a Slack user group whose members are enablement leads too"),
    Setting("operator_group", "KINDLING_OPERATOR_GROUP", "roles.operator_group", None, _user_group,
            "a Slack user group whose members run this installation too"),
)  # fmt: skip

_SOURCE_KEYS: dict[str, Reader] = {
    "kind": _text,
    "name": _text,
    "base_url": _web_address,
    "api_key_env": _text,
    "covers": _people_or_domains,
    "account": _text,
    "query": _text,
    "path": _text,
}


def load(environ: Mapping[str, str], config_path: Path | None = None) -> Settings:
    """All settings, checked. `config_path` None: the path in KINDLING_CONFIG, else ./kindling.toml when it exists.

    Raises InputError with one sentence when a key, a type or a value is wrong, or a named file or variable is missing.
    """
    document, path = _document(environ, config_path)
    _refuse_unknown_keys(document, path)
    _refuse_misspelt_variables(environ)
    values = {setting.name: _value(setting, environ, document, path) for setting in SETTINGS}
    for one, other in combinations(("stats", "team", "nudge"), 2):
        if (name := values[f"{one}_command"]) == values[f"{other}_command"]:
            raise InputError(f"commands.{one} and commands.{other} are both {name}: give each its own name.")
    return Settings(**values, sources=_sources(document.get("source", []), environ, path))


def _document(environ: Mapping[str, str], config_path: Path | None) -> tuple[dict[str, Any], Path]:
    named = config_path or (Path(environ["KINDLING_CONFIG"]) if environ.get("KINDLING_CONFIG") else None)
    path = named or DEFAULT_CONFIG
    if not path.exists() and named is None:
        return {}, path
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path
    except OSError as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise InputError(f"The settings file {path} {reason}: correct the path in KINDLING_CONFIG.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The settings file {path} is not UTF-8: save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The settings file {path} is not valid TOML: {error}.") from error


def _refuse_unknown_keys(document: Mapping[str, Any], path: Path) -> None:
    known = [setting.key for setting in SETTINGS if setting.key]
    sections = {key.split(".")[0] for key in known if "." in key}
    for name, value in document.items():
        if name == "source":
            continue
        if name in sections and not isinstance(value, dict):
            raise InputError(f"{path}: {name} must be a section: write [{name}] on a line of its own.")
        for key in [f"{name}.{inner}" for inner in value] if name in sections else [name]:
            if key not in known:
                raise InputError(f"{path}: {key} is not a setting; {_mend(key, known)}.")


def _mend(name: str, known: list[str]) -> str:
    secret = next((s for s in SETTINGS if s.key is None and s.name == name.rpartition(".")[2]), None)
    if secret is not None:
        return f"secrets come from the environment: set {secret.env} or {secret.env}_FILE"
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?".rstrip("?") if close else "known are " + ", ".join(known)


def _refuse_misspelt_variables(environ: Mapping[str, str]) -> None:
    # Only near misses: an orchestrator may add variables of its own that begin with the name of the service.
    known = ["KINDLING_CONFIG", *(name for setting in SETTINGS for name in (setting.env, f"{setting.env}_FILE"))]
    for name in environ:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.9)
        if name.startswith(("KINDLING_", "SLACK_")) and name not in known and close:
            raise InputError(f"The environment variable {name} is not a setting; did you mean {close[0]}?")


def _value(setting: Setting, environ: Mapping[str, str], document: Mapping[str, Any], path: Path) -> Any:
    where = setting.env
    written: object | None = _environment_value(setting.env, environ)
    if written is None and setting.key:
        written, where = _lookup(document, setting.key), f"{path}: {setting.key}"
    if written is None:
        return setting.default
    try:
        return setting.read(written)
    except _WrongValueError as needed:
        raise InputError(f"{where} must be {needed}.") from None


def _environment_value(name: str, environ: Mapping[str, str]) -> str | None:
    """The variable NAME, or the content of the file that NAME_FILE points at; an empty variable counts as not set."""
    plain, file = environ.get(name) or None, environ.get(f"{name}_FILE") or None
    if plain is not None and file is not None:
        raise InputError(f"{name} and {name}_FILE are both set: keep one of them.")
    if file is None:
        return plain
    try:
        content = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"The file that {name}_FILE points at cannot be read: {file}.") from None
    if not content:
        raise InputError(f"The file that {name}_FILE points at is empty: {file}.")
    return content


def _lookup(document: Mapping[str, Any], key: str) -> object | None:
    found: Any = document
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found  # type: ignore[no-any-return]  # TOML gives any type; the reader of the setting checks it


def _sources(listed: object, environ: Mapping[str, str], path: Path) -> tuple[SourceConfig, ...]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise InputError(f"{path}: source must be a list of sections: write [[source]] above each one.")
    sources = tuple(_source(one, number, environ, path) for number, one in enumerate(listed, start=1))
    names = [source.name for source in sources]
    for name in (name for name in names if names.count(name) > 1):
        raise InputError(f"{path}: two sources are called {name!r}: give each its own name.")
    _refuse_same_account(sources, path)
    return sources


def _refuse_same_account(sources: tuple[SourceConfig, ...], path: Path) -> None:
    """Two sources of one kind add up, as two accounts; the same account twice would count everything twice (P6)."""
    seen: dict[tuple[object, ...], str] = {}
    for source in sources:
        account = (source.kind, source.base_url, source.api_key, source.account, source.query, source.path)
        if account in seen:
            told = f"{seen[account]!r} and {source.name!r} read the same account: leave one of them out"
            raise InputError(f"{path}: the sources {told}.")
        seen[account] = source.name


def _source(written: Mapping[str, Any], number: int, environ: Mapping[str, str], path: Path) -> SourceConfig:
    where = f"{path}: [[source]] number {number}"
    for key in written:
        if key not in _SOURCE_KEYS:
            raise InputError(f"{where}: {key} is not a setting of a source; known are {', '.join(_SOURCE_KEYS)}.")
    values: dict[str, Any] = {}
    for key, value in written.items():
        try:
            values[key] = _SOURCE_KEYS[key](value)
        except _WrongValueError as needed:
            raise InputError(f"{where}: {key} must be {needed}.") from None
    if "kind" not in values:
        raise InputError(f'{where}: kind is missing: write, for example, kind = "claude_code".')
    variable = values.pop("api_key_env", None)
    api_key = _environment_value(variable, environ) if variable else None
    if variable and api_key is None:
        raise InputError(f"{where}: the environment variable {variable} that api_key_env names is not set.")
    return SourceConfig(**{"name": values["kind"], **values}, api_key=api_key)
