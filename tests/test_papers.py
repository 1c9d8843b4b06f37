"""`kindling papers`: they say what is so in this installation, all of it, and notice when it is so no longer."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import cli, doctor, papers
from bot.domain import pairs
from bot.domain.people import KEPT_AFTER_LEAVING_DAYS
from bot.errors import InputError
from bot.settings import Settings, SourceConfig, load
from bot.source_checks import Check
from bot.sources.catalogue import CONNECTORS
from bot.store import pushed, retention, rights
from bot.store.database import Store
from bot.store.tables import Base
from bot.views import papers as paper_views
from bot.views.papers.facts import Facts, SourceFacts, TableFacts, changes
from bot.views.papers.words import FILL_IN, NEVER_HELD

MARCH = datetime(2026, 3, 3, 10, tzinfo=UTC)
SECRETS = (
    "xoxb-secret-1",
    "hook-line-2",
    "pa55word",
    "robin.osei",
    "ada.moreau",
    "Robin Osei",
    "acme-internal",
    "S0LEADS",
)
EVERY_KIND = tuple(
    SourceConfig(
        kind,
        name=f"acme-internal-{kind}",
        base_url="https://acme-internal.example/",
        api_key="xoxb-secret-1",
        covers=("ada.moreau@lantern.example",),
        account="acme-internal",
        query="acme-internal",
        path="/acme-internal",
    )
    for kind in CONNECTORS
)
PARTS = [("sources", field.name) for field in fields(SourceFacts)]
PARTS += [("personal", field.name) for field in fields(TableFacts)]


@pytest.fixture
def settings() -> Settings:
    """An installation with every kind of source, every secret and every role set."""
    environ = {
        "KINDLING_DATABASE_URL": "postgresql://robin.osei:pa55word@db/kindling",
        "SLACK_BOT_TOKEN": "xoxb-secret-1",
        "SLACK_SIGNING_SECRET": "hook-line-2",
        "KINDLING_SET_UP_BY": "Robin Osei",
        "KINDLING_LEADS": "robin.osei@lantern.example",
        "KINDLING_OPERATORS": "ada.moreau@lantern.example",
        "KINDLING_OTLP_ADDR": "127.0.0.1:4318",
        "KINDLING_RETENTION_DAYS": "217",
    }
    return replace(load(environ, None), sources=EVERY_KIND, lead_group="S0LEADS")


def written(facts: Facts) -> dict[str, str]:
    return paper_views.write(facts, version="0.1.0", written_on=date(2026, 3, 3))


def test_every_kind_and_every_table_stands_in_the_papers(settings: Settings) -> None:
    """All connected kinds, and all tables with rows about a person and all their fields, in papers that list them."""
    texts = written(papers.collect(settings))

    for name in ("dpia.md", "works-council.md", "privacy-notice.md"):
        assert [] == [kind for kind in CONNECTORS if f"| {kind} |" not in texts[name]]
        for model in rights.PERSONAL:
            table = Base.metadata.tables[str(model.__tablename__)]
            [row] = re.findall(rf"^\| {table.name} \|.*$", texts[name], re.MULTILINE)
            assert [] == [column.name for column in table.columns if f"`{column.name}`" not in row]
    assert set(Base.metadata.tables) == set(
        re.findall(r"^\| ([a-z_]+) \| [^|]* \| `", texts["dpia.md"], re.MULTILINE)
    ) - {*CONNECTORS}


def test_every_number_is_the_one_the_code_goes_by(settings: Settings) -> None:
    """For each table the days after which `tidy` deletes it; for leavers, groups and messages those of their rules."""
    texts = written(papers.collect(settings))
    for aged in retention.AGED:
        [row] = re.findall(rf"^\| {aged.model.__tablename__} \|.*$", texts["dpia.md"], re.MULTILINE)
        gone_at = aged.limit(now=MARCH, retention_days=settings.retention_days)
        assert re.search(rf"\| {(MARCH - gone_at).days} days\b[^|]*\|$", row), row

    fixed = {pushed.FOLLOWED_DAYS, pushed.REMEMBERED_DAYS, pairs.ENDS_AFTER.days}
    assert {217, *fixed} == {one.days_kept(217) for one in retention.AGED}
    for text in texts.values():
        assert f"{KEPT_AFTER_LEAVING_DAYS} days" in text
        assert f"at least {min(papers.FLOORS)} people" in text


def test_no_secret_address_or_name_is_in_them(settings: Settings) -> None:
    """No key, token, password, address or name of an account stands in them, nor in what is remembered of them."""
    facts = papers.collect(settings)
    said = json.dumps(facts.as_json()) + "".join(written(facts).values())

    assert [] == [secret for secret in SECRETS if secret.casefold() in said.casefold()]
    assert "@" not in said


def test_each_says_what_it_is(settings: Settings) -> None:
    """Each paper says that it is no legal advice, what is to be filled in, its version and the hash of its facts."""
    facts = papers.collect(settings)
    for text in written(facts).values():
        assert "not legal advice" in text
        assert FILL_IN in text
        assert f"Kindling 0.1.0 on 2026-03-03 from its running configuration, `{facts.short_hash}`" in text
    for name in ("dpia.md", "works-council.md", "privacy-notice.md"):
        assert [] == [what for what in NEVER_HELD if f"- {what}" not in written(facts)[name]]


def test_every_right_in_slack_stands_in_the_papers(settings: Settings) -> None:
    """All that the manifest asks of Slack is told, what whoever installs it may decline as well."""
    manifest = yaml.safe_load((Path(__file__).parents[1] / "manifest.yml").read_text(encoding="utf-8"))
    scopes = manifest["oauth_config"]["scopes"]
    texts = written(papers.collect(settings))

    assert sorted(papers.SLACK_NEEDED) == sorted(scopes["bot"])
    assert sorted(papers.SLACK_OPTIONAL) == sorted(scopes["bot_optional"])
    for name in ("dpia.md", "works-council.md", "privacy-notice.md", "ai-act-notice.md"):
        assert [] == [one for one in (*scopes["bot"], *scopes["bot_optional"]) if f"`{one}`" not in texts[name]]


def test_no_more_is_said_of_the_audit_than_holds(settings: Settings) -> None:
    """The database refuses changes alone, and age takes entries away: that is what a works council is told."""
    [paper] = [text for name, text in written(papers.collect(settings)).items() if name == "works-council.md"]

    assert "only be added to" not in paper
    assert "it goes only by age, after 217 days" in paper


def other(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return f"{value} too" if isinstance(value, str) else value[1:]


@pytest.mark.parametrize("name", [field.name for field in fields(Facts)])
def test_another_fact_is_another_hash(settings: Settings, name: str) -> None:
    """Whatever of the facts changes, the hash changes, what changed has words, and it shows in some paper."""
    facts = papers.collect(settings)
    changed = replace(facts, **{name: other(getattr(facts, name))})

    assert facts.hash != changed.hash
    assert changes(facts.as_json(), changed)
    assert written(facts) != written(changed)


@pytest.mark.parametrize(("where", "name"), PARTS)
def test_another_fact_within_is_another_hash(settings: Settings, where: str, name: str) -> None:
    """The same for what is said of each source and of each table."""
    facts = papers.collect(settings)
    first, *rest = getattr(facts, where)
    more: dict[str, Any] = {where: (replace(first, **{name: other(getattr(first, name))}), *rest)}
    changed = replace(facts, **more)

    assert facts.hash != changed.hash
    assert changes(facts.as_json(), changed)


def test_the_same_facts_are_the_same_hash(settings: Settings) -> None:
    """Order of sources, another name, another key, another lead or another port are no news to the people concerned."""
    again = replace(
        settings,
        sources=tuple(replace(one, name="x", api_key="y") for one in reversed(settings.sources)),
        leads=("emi.tanaka@lantern.example",),
        http_addr="127.0.0.1:1",
        set_up_by="Somebody else",
    )

    assert papers.collect(settings).hash == papers.collect(again).hash
    assert [] == changes(papers.collect(settings).as_json(), papers.collect(again))


def test_what_changed_is_said(store: Store, settings: Settings, tmp_path: Path) -> None:
    """After a new source the doctor names it and the day of the old papers; written again, they fit."""
    before = papers.collect(replace(settings, sources=EVERY_KIND[1:]))
    after = papers.collect(replace(settings, retention_days=300))
    papers.write(store, before, folder=tmp_path, now=MARCH)
    fits, outdated = papers.outdated(store, before), papers.outdated(store, after)
    _place, said = papers.write(store, after, folder=tmp_path, now=MARCH + timedelta(days=5))

    assert None is fits
    expected = f"a source was added ({EVERY_KIND[0].kind}); the days that data are kept changed from 217 to 300"
    assert outdated == (
        f"the papers of 3 March 2026 no longer fit: {expected}; run `kindling papers` and inform people again"
    )
    assert expected == "; ".join(said)
    assert None is papers.outdated(store, after)
    assert papers.outdated(store, before) is not None


def test_what_the_company_filled_in_is_left_alone(sqlite_store: Store, settings: Settings, tmp_path: Path) -> None:
    """Written again with the same facts, a paper that is there already stays as it is; a missing one is added."""
    facts = papers.collect(settings)
    place, _ = papers.write(sqlite_store, facts, folder=tmp_path / "deep", now=MARCH)
    (place / "dpia.md").write_text("filled in", encoding="utf-8")
    (place / "ai-act-notice.md").unlink()
    papers.write(sqlite_store, facts, folder=tmp_path / "deep", now=MARCH + timedelta(days=1))

    assert "filled in" == (place / "dpia.md").read_text(encoding="utf-8")
    assert set(paper_views.PAPERS) == {path.name for path in place.iterdir()}


def test_a_folder_that_cannot_be_written_is_one_sentence(
    sqlite_store: Store, settings: Settings, tmp_path: Path
) -> None:
    """Where there is a file in the way nothing is remembered as written."""
    (tmp_path / "papers").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="--out"):
        papers.write(sqlite_store, papers.collect(settings), folder=tmp_path / "papers", now=MARCH)

    assert not papers.written_before(sqlite_store)


@pytest.mark.usefixtures("own_logging")
def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command writes four files and says where; the doctor is content until the retention changes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINDLING_DATABASE_URL", f"sqlite:///{tmp_path / 'k.db'}")
    code = cli.main(["papers", "--out", "out", "--now", MARCH.isoformat(), "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    fitting, outdated = (_doctor(tmp_path, retention_days) for retention_days in (400, 401))

    assert 0 == code
    assert set(paper_views.PAPERS) == {path.name for path in (tmp_path / told["folder"]).iterdir()}
    assert (True, "they fit") == (fitting.ok, fitting.finding)
    assert not outdated.ok
    assert "from 400 to 401" in outdated.finding


def _doctor(folder: Path, retention_days: int) -> Check:
    """What the doctor says of the papers with this retention."""
    environ = {
        "KINDLING_DATABASE_URL": f"sqlite:///{folder / 'k.db'}",
        "KINDLING_RETENTION_DAYS": str(retention_days),
    }
    [check] = [check for check in doctor.examine(load(environ), now=MARCH) if check.name == "papers"]
    return check
