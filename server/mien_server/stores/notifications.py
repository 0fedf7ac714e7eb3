"""What sites are still to be told of people."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from sqlalchemy import bindparam, case, delete, func, select, update

from mien_server.stores import schema
from mien_server.stores.runner import Row, Runner
from mien_server.stores.statements import INSERTS, of_person, value
from mien_server.values import Notification

_TABLE = schema.notification
_ALL = select(*(_TABLE.c[name] for name in Notification.__slots__))
_SITES_DUE = (
    select(_TABLE.c.site)
    .where(_TABLE.c.next_at <= bindparam("now"))
    .group_by(_TABLE.c.site)
    .order_by(func.min(_TABLE.c.next_at), _TABLE.c.site)
    .limit(bindparam("limit"))
)
_DUE = (
    _ALL.where(_TABLE.c.site == bindparam("site"), _TABLE.c.next_at <= bindparam("now"))
    .order_by(_TABLE.c.attempts, _TABLE.c.at, _TABLE.c.id)
    .limit(bindparam("limit"))
)
# Whoever changes the time first has it: a second node finds another time in the row and changes nothing.
_CLAIM = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("_id"), _TABLE.c.next_at == bindparam("seen"))
    .values(next_at=bindparam("until"), attempts=_TABLE.c.attempts + 1)
)
_POSTPONE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("_id"))
    .values(
        next_at=bindparam("until"),
        attempts=_TABLE.c.attempts - bindparam("less", type_=schema.Whole),
    )
)
_REST = (
    update(_TABLE)
    .where(
        _TABLE.c.site == bindparam("_site"),
        _TABLE.c.next_at <= bindparam("now"),
        _TABLE.c.at > bindparam("begun"),
    )
    .values(
        next_at=case(
            (
                _TABLE.c.at < bindparam("early"),
                _TABLE.c.at + bindparam("within", type_=schema.Whole),
            ),
            else_=bindparam("until", type_=schema.Whole),
        )
    )
)
_DELETE = delete(_TABLE).where(_TABLE.c.id == bindparam("id"))
_DELETE_OF_SITE = delete(_TABLE).where(_TABLE.c.site == bindparam("site"))
_DELETE_OF_PERSON = delete(_TABLE).where(*of_person(_TABLE))
_OF_PERSON = _ALL.where(*of_person(_TABLE)).order_by(_TABLE.c.at, _TABLE.c.id)
_COUNT = select(func.count()).select_from(_TABLE)


class SqlNotifications:
    """`ports.Notifications`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, notification: Notification) -> None:
        values = {name: getattr(notification, name) for name in Notification.__slots__}
        purposes = " ".join(notification.purposes)
        self._runner.change(INSERTS["notification"], {**values, "purposes": purposes})

    def sites_due(self, now: int, limit: int) -> tuple[str, ...]:
        rows = self._runner.rows(_SITES_DUE, {"now": now, "limit": limit})
        return tuple(row[0] for row in rows)

    def due(self, site: str, now: int, limit: int) -> tuple[Notification, ...]:
        rows = self._runner.rows(_DUE, {"site": site, "now": now, "limit": limit})
        return tuple(_notification(row) for row in rows)

    def claim(self, notification: Notification, until: int) -> bool:
        values = {"_id": notification.id, "seen": notification.next_at, "until": until}
        return self._runner.change(_CLAIM, values) == 1

    def postpone(self, notification: str, until: int, *, untried: bool = False) -> None:
        values = {"_id": notification, "until": until, "less": int(untried)}
        self._runner.change(_POSTPONE, values)

    def rest(self, site: str, now: int, until: int, within: int) -> None:
        times = {"now": now, "until": until, "within": within}
        ends = {"begun": now - within, "early": until - within}
        self._runner.change(_REST, {"_site": site, **times, **ends})

    def delete(self, notification: str) -> None:
        self._runner.change(_DELETE, {"id": notification})

    def of_person(self, site: str, subject: str) -> tuple[Notification, ...]:
        rows = self._runner.rows(_OF_PERSON, {"site": site, "subject": subject})
        return tuple(_notification(row) for row in rows)

    def delete_of(self, site: str, subject: str | None = None) -> int:
        if subject is None:
            return self._runner.change(_DELETE_OF_SITE, {"site": site})
        return self._runner.change(_DELETE_OF_PERSON, {"site": site, "subject": subject})

    def count(self) -> int:
        found: int = value(self._runner, _COUNT, {})
        return found


def _notification(row: Row) -> Notification:
    values = dict(zip(Notification.__slots__, row, strict=True))
    return Notification(**{**values, "purposes": tuple(values["purposes"].split())})
