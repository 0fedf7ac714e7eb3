"""What learners' devices ask about lessons, and a teacher's view for the site's backend."""

from starlette.responses import Response

from mien.errors import ConsentMissing, PolicyDenied
from mien.wire.messages import (
    Accepted,
    AnswersRequest,
    GroupAnswer,
    LessonAnswer,
    LessonRequest,
)
from mien_server.errors import AnswerLate, LessonUnknown, SiteUnknown
from mien_server.routes.call import PROVEN, Call, answer
from mien_server.routes.device import STREAMED
from mien_server.routes.endpoint import BACKEND, Endpoint


async def next_lesson(call: Call) -> Response:
    """The next exercise, for a device or for nobody in particular: the same request and exercises either way."""
    site, backend = await call.any_site()
    request = await call.message(LessonRequest)
    subject = request.asker.subject if request.asker else None
    with call.on_account_of(site, subject, *PROVEN):
        return answer(await call.pipeline.next_lesson(site, request, backend=backend, gpc=call.gpc))


async def lesson_answers(call: Call) -> Response:
    """What a learner answered, kept for them where they agreed."""
    site, backend = await call.any_site()
    request = await call.message(AnswersRequest)
    subject = request.asker.subject if request.asker else None
    with call.on_account_of(site, subject, *PROVEN):
        return answer(
            await call.pipeline.lesson_answers(site, request, backend=backend, gpc=call.gpc)
        )


async def lesson_group(call: Call) -> Response:
    """What the group could do, by skill, for the site's backend: no learner, no feeling, and nothing about fewer than ten people."""
    site, backend = await call.any_site()
    if not backend:
        msg = "the group is shown to the site's backend only; send its secret key"
        raise SiteUnknown(msg)
    return answer(await call.pipeline.lesson_group(site))


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/lessons/next", next_lesson, LessonAnswer, body=LessonRequest, asks=BACKEND,
        problems=(*STREAMED, LessonUnknown),
    ),
    Endpoint(
        "POST", "/v1/lessons/answers", lesson_answers, Accepted, body=AnswersRequest, asks=BACKEND,
        problems=(*STREAMED, LessonUnknown, AnswerLate, ConsentMissing, PolicyDenied),
    ),
    Endpoint("GET", "/v1/lessons/group", lesson_group, GroupAnswer, asks=("Backend",), problems=(LessonUnknown,)),
)  # fmt: skip
