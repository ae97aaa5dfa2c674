"""`twinloop jobs ...` and `twinloop submit`: the words, each with the module that answers it."""

from __future__ import annotations

from twinloop.cli import jobs_create, jobs_end, jobs_follow, jobs_look, jobs_step
from twinloop.cli.jobs_flags import LikeAz
from twinloop.cli.nouns import noun, verb

app = noun(
    """Submit, follow, compare and debug jobs.

    [bold]Examples[/]

      twinloop jobs create -f pipelines/classical/training.yml --stream
      twinloop jobs create -f pipelines/classical/training.yml --set inputs.rounds=200
      twinloop jobs list --status Failed
      twinloop jobs compare JOB JOB
      twinloop jobs rerun JOB --step train --code components/train_classifier/src
      twinloop jobs debug pipelines/classical/training.yml --step prepare
    """
)
submit = verb()

app.command("create", cls=LikeAz)(jobs_create.create)
app.command("list")(jobs_look.list_jobs)
app.command("show")(jobs_look.show)
app.command("stream")(jobs_follow.stream)
app.command("logs")(jobs_follow.logs)
app.command("cancel")(jobs_end.cancel)
app.command("download")(jobs_end.download)
app.command("compare")(jobs_look.compare)
app.command("rerun")(jobs_step.rerun)
app.command("debug")(jobs_step.debug)
submit.command(cls=LikeAz)(jobs_create.submit_file)
