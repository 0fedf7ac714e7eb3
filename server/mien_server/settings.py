"""Every setting of the server, read from the environment: `MIEN_` and the name in capitals. Unknown ones are refused.

>>> Settings(port=0).host
'127.0.0.1'

A page of the docs describes each (`docs/reference/settings.md`, by test). There is no settings file: whatever starts the server sets its
environment.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from mien.errors import MienError, RequestInvalid, SettingsError
from mien.wire.keys import VerifyKey
from mien.wire.witness import Witness
from mien_server import addresses
from mien_server.values import Cosigner, Officer

PREFIX: Final = "MIEN_"
NOT_THE_SERVERS: Final = frozenset({
    "MIEN_HOME", "MIEN_SERVER", "MIEN_SITE_KEY", "MIEN_VERIFY_KEY", "MIEN_TIERS", "MIEN_MODEL_WORK",
})  # fmt: skip
"""Variables of the device, the tests and the model's training, which may stand in the same environment."""

_SECRET: Final = re.compile(r"MIEN_KEY_(SIGNING|LOG|EPOCH_\d{5})", re.ASCII)
"""Variables that hold secrets and no settings: `keys.environment` reads them when `MIEN_KEYS` is `env:`."""
_PROVIDER: Final = re.compile(r"[a-z][a-z0-9-]+:", re.ASCII)
"""How a place of secrets begins that is no directory."""

OfficerKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}\+[A-Za-z0-9_-]{43}$")]
Network = Annotated[str, Field(pattern=r"^[0-9a-fA-F.:/]{2,43}$")]


DATABASE: Final = r"^(sqlite:///.+|postgresql://[^/@\s]+@[^/@\s]+/[^/?@\s]+(\?ssl=[a-z-]+)?)$"
"""The URLs that a database may have."""


class Settings(BaseSettings):
    """What the server can be told. Every field has a default that works on one machine, on loopback."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    database: Annotated[str, Field(pattern=DATABASE)] = Field(
        default="sqlite:///var/mien.db",
        repr=False,
        description="Where records live: `sqlite:///` and a path, relative to the working directory or absolute (four slashes); or `postgresql://user:password@host:port/name`, with `?ssl=verify-full` where the network is not trusted.",
    )
    keys: Path | str = Field(
        default=Path("var/keys"),
        description="Where the server's secrets lie: a directory, mode 0700, made by `mien keys init`; `env:` for `MIEN_KEY_...` variables; or `NAME:REST` of an installed provider. Keep it off the database's disk and backups.",
    )
    journal: Path | None = Field(
        default=None,
        description="Directory of the journal of withdrawals and erasures, mode 0700; without it, `journal` beside the SQLite file, with PostgreSQL `var/journal`. All nodes share one. Better kept on another disk than the database; never restore an older one.",
    )
    policies: Path | None = Field(
        default=None,
        description="Directory of the policy bundle; without it, the one that ships. `mien policy check` says whether it can be used.",
    )
    reload_seconds: Annotated[float, Field(ge=0, le=3600)] = Field(
        default=5.0,
        description="Seconds between two looks at the policy bundle; a change is taken over after two looks that found the same. 0: only at a start.",
    )
    origin: Annotated[str, Field(pattern=r"^[a-z0-9.-]+(/[a-zA-Z0-9._-]+)*$", max_length=200)] = (
        Field(
            default="mien.local/log",
            description="Name of the audit log, the first line of every checkpoint (C2SP tlog-checkpoint). Never change it afterwards.",
        )
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. TLS is the reverse proxy's task: listen beyond loopback only behind one.",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, description="TCP port to listen on; 0 takes a free one."
    )
    proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Addresses or networks of reverse proxies whose `X-Forwarded-For` is believed, separated by commas. Empty: none.",
    )
    max_body_bytes: Annotated[int, Field(ge=4096, le=256 * 1024)] = Field(
        default=128 * 1024, description="Largest request body; more answers 413."
    )
    body_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10.0,
        description="Seconds that a request's body may take to come; later answers 408.",
    )
    head_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10.0,
        description="Seconds that a connection may take to send the head of its next request; later it is closed.",
    )
    idle_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10.0,
        description="Seconds that a connection may stay open between two requests.",
    )
    request_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=30.0,
        description="Seconds that a request may take from its head to the end of its answer; later answers 503.",
    )
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=900,
        description="Connections open at once; more are told 503 and closed. Keep it below the limit of open files (`ulimit -n`).",
    )
    drain_seconds: Annotated[float, Field(ge=0, le=600)] = Field(
        default=0.0,
        description="Seconds after SIGTERM in which `/readyz` says 503 and everything is still answered, so that a load balancer notices.",
    )
    stop_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=10.0,
        description="Seconds after that in which requests and background tasks may finish what they began.",
    )
    rate_per_site: Annotated[float, Field(gt=0, le=1e9)] = Field(
        default=2000.0,
        description="Requests a second that one site key may make over time; more answers 429.",
    )
    rate_per_address: Annotated[float, Field(gt=0, le=1e9)] = Field(
        default=100.0,
        description="Requests a second that one network address (IPv6: one /64) may make over time; more answers 429.",
    )
    rate_per_subject: Annotated[float, Field(gt=0, le=1e9)] = Field(
        default=10.0,
        description="Requests a second that one person's keys may make over time, all devices together; more answers 429.",
    )
    burst_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=5.0,
        description="Seconds of the rate that may be used at once before the limit bites.",
    )
    reward_seconds: Annotated[int, Field(ge=1, le=7 * 86_400)] = Field(
        default=600,
        description="Seconds that a ranking waits for a reward before it is learned as one that got none (or what its request says instead). A later reward still corrects it.",
    )
    officer_keys: Annotated[tuple[OfficerKey, ...], NoDecode] = Field(
        default=(),
        description="Privacy officers who may read the log, each as `name+key` (the public key), separated by commas. Empty: nobody. `mien officer init` prints an officer's own.",
    )
    desks: Path | None = Field(
        default=None,
        description="JSON file of what each site's service desk counts with: its economics, its own measured rates, the key of its agents. Read at the start; the same on all nodes. Empty: a person takes over where somebody asks for one, and nowhere else.",
    )
    witnesses: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Who cosigns the log's checkpoints: a witness's verification key, a space and its address, such as `w.example+1f2e3d4c+BAAA... https://w.example`; several separated by commas. Empty: nobody. The same on all nodes.",
    )
    witness_seconds: Annotated[float, Field(gt=0, le=10)] = Field(
        default=1.0,
        description="Seconds that a new checkpoint waits for its witnesses before it is shown with the cosignatures that came. Proofs do not wait.",
    )
    epsilon_cap: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=6.0,
        description="The most that rounds of the shared head may ever reveal of one person, as epsilon at `MIEN_DELTA_ONE_IN`. A round refuses whoever would pass it, before anything is released.",
    )
    delta_one_in: Annotated[int, Field(ge=1000, le=10**9)] = Field(
        default=1_000_000,
        description="The delta at which that epsilon is counted: one in so many.",
    )
    rounds_per_year: Annotated[int, Field(ge=1, le=366)] = Field(
        default=12, description="How many rounds somebody takes part in at most, in 365 days."
    )
    round_floor: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=100,
        description="Fewer updates than this and a round releases nothing.",
    )
    metrics: bool = Field(
        default=True,
        description="Whether `/metrics` answers. It holds counts only; still, keep it from the public.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="`info` writes starts, stops and refusals; `debug` also each answered request, by route only.",
    )
    sequence_seconds: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5,
        description="Seconds between two sequencings of the audit log; receipts promise at most one.",
    )
    sweep_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60.0, description="Seconds between two deletions of what retention has ended."
    )
    rebuild_seconds: Annotated[int, Field(ge=1, le=43_200)] = Field(
        default=43_200,
        description="Seconds after which what answers to lessons taught is made anew from those that are kept. Where somebody took theirs back, that begins within a minute anyway.",
    )
    erase_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=1.0,
        description="Seconds between two rounds of completing erasures. They take effect at once anyway.",
    )
    tell_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=1.0,
        description="Seconds between two rounds of telling sites' webhooks what was erased and withdrawn.",
    )
    rotate_seconds: Annotated[float, Field(gt=0, le=3600)] = Field(
        default=60.0,
        description="Seconds between two checks whether the day's sealing key must change.",
    )

    @field_validator("keys", mode="after")
    @classmethod
    def _placed(cls, value: Path | str) -> Path | str:
        # Kept as text where a path would lose a doubled slash.
        return value if isinstance(value, str) and _PROVIDER.match(value) else Path(value)

    @field_validator("officer_keys", mode="after")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """A name is one officer and a key is one officer: else the log would not say who looked."""
        officers = [_officer(each) for each in value]
        for kind in ("name", "key"):
            found = [getattr(each, kind) for each in officers]
            if len(set(found)) < len(found):
                msg = f"two officers have the same {kind}; give each their own"
                raise ValueError(msg)
        return value

    @property
    def officers(self) -> tuple[Officer, ...]:
        """Who may read the log."""
        return tuple(_officer(each) for each in self.officer_keys)

    @property
    def journal_directory(self) -> Path:
        """Where the journal lies."""
        if self.journal is not None:
            return self.journal
        file = self.database.removeprefix("sqlite:///")
        return (Path("var") if file == self.database else Path(file).parent) / "journal"

    @property
    def cosigners(self) -> tuple[Cosigner, ...]:
        """The log's witnesses and where they answer."""
        return tuple(_cosigner(each) for each in self.witnesses)

    @field_validator("witnesses", mode="after")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            found = [_cosigner(each).witness.key for each in value]
        except MienError as error:
            raise ValueError(error.args[0]) from None
        if len(set(found)) < len(found):
            msg = "a witness is named twice"
            raise ValueError(msg)
        return value

    @field_validator("proxies", "officer_keys", "witnesses", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment; no files."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings


def _officer(text: str) -> Officer:
    name, _, key = text.partition("+")
    try:
        return Officer(name, VerifyKey.from_text(key).public)
    except RequestInvalid as error:
        msg = f"the key of `{name}` is not one; copy the line that `mien officer init` printed"
        raise ValueError(msg) from error


def load(environ: Mapping[str, str], **overrides: Any) -> Settings:
    """The settings of the process's environment, `overrides` (None: not given) before it. Raises `SettingsError`.

    `environ` is only searched for names that are no setting: a misspelt setting must not be silently ignored.
    """
    _refuse_unknown(environ)
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0])
        msg = f"`{PREFIX}{name.upper()}` cannot be used: {first['msg'].lower()}; see the reference of settings"
        raise SettingsError(msg) from None


def _cosigner(text: str) -> Cosigner:
    vkey, _, url = text.partition(" ")
    address = addresses.checked(url.strip(), "witness").rstrip("/")
    if "?" in address:
        msg = "a witness's address ends with its path; leave out `?` and what follows"
        raise SettingsError(msg)
    return Cosigner(Witness.from_text(vkey), address)


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in sorted(environ):
        if not name.startswith(PREFIX) or _SECRET.fullmatch(name):
            continue
        if name not in known and name not in NOT_THE_SERVERS:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`" if near else "unset it"
            msg = f"`{name}` is no setting; {hint}, or see the reference of settings"
            raise SettingsError(msg)
