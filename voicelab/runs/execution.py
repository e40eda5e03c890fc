"""Executes the missing turns of a run; each failure is one record."""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter

from voicelab.datasets.file_names import file_name
from voicelab.errors import ConnectionLostError, InputError, NoReplyError, RunInterruptedError, ServerError
from voicelab.runs.begun_run import BegunRun
from voicelab.runs.conversation_recording import ConversationRecording, turn_sound
from voicelab.runs.over_reply import interruption_for, spoken_over
from voicelab.runs.planning import PlannedConversation, PlannedTurn
from voicelab.runs.reconnection import Reconnection
from voicelab.runs.records import RunResult, TurnResult, now
from voicelab.runs.reply_transcripts import with_reply_transcripts
from voicelab.runs.sent_audio import RequestAudio
from voicelab.runs.turn_results import encoded_reply, recorded, timing_fields, turn_result, unless_damaged
from voicelab.targets.base import Session, Target, TurnOutcome, Utterance
from voicelab.targets.faults import CONNECTION_FAULTS, CONNECTION_LOST, NO_REPLY, Owner

Progress = Callable[[int, int, TurnResult | None], None]
"""Called at the end of each turn with the numbers of completed and all turns, and the turn (None at the start)."""


class Tally:
    """Counts the completed turns of all runs and reports progress."""

    def __init__(self, begun: Sequence[BegunRun], progress: Progress | None) -> None:
        self._done = sum(len(one.done) for one in begun)
        self._total = sum(one.run.planned_turns for one in begun)
        self._progress = progress

    def add(self, turn: TurnResult) -> None:
        self._done += 1
        self.tell(turn)

    def tell(self, turn: TurnResult | None) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total, turn)


class RunExecution:
    """Executes the missing turns of one run. cold: its first turn is the first after engines were loaded."""

    def __init__(self, begun: BegunRun, tally: Tally, *, cold: bool) -> None:
        self._folder = begun.folder
        self._run = begun.run
        self._conversations = begun.conversations
        self._request_audio_source = begun.request_audio_source
        self._done = begun.done
        self._tally = tally
        self._cold = cold
        self._reconnection = Reconnection(begun.run.spec.reconnect_for_s)

    async def run(self, run: RunResult, target: Target) -> RunResult:
        run = run.model_copy(update={"engines": target.engines, "signals": target.capabilities.shown})
        self._run = run
        self._folder.write(run)
        self._tally.tell(None)
        try:
            for conversation in self._conversations:
                await self._hold(target, conversation)
        except RunInterruptedError:
            self._folder.write(self._with_outages(run))
            raise
        run = await asyncio.to_thread(with_reply_transcripts, self._folder, run)
        finished = self._with_outages(run).model_copy(update={"status": "finished", "finished_at": now()})
        self._folder.write(finished)
        return finished

    def _with_outages(self, run: RunResult) -> RunResult:
        return run.model_copy(update={"outages": (*run.outages, *self._reconnection.outages)})

    async def _hold(self, target: Target, conversation: PlannedConversation) -> None:
        """Execute the missing turns of one conversation in one session, or in several after failures."""
        session_id: str | None = None
        mode = self._run.spec.mode
        while rest := [turn for turn in conversation.turns if turn.key not in self._done]:
            before = [self._done[turn.key] for turn in conversation.turns if turn.key in self._done]
            session_id = session_id or next((turn.session_id for turn in reversed(before) if turn.session_id), None)
            heard = tuple(turn.heard for turn in before if turn.status == "answered" and turn.heard is not None)
            user_id = f"{self._run.run_id}.{file_name(conversation.id)}"  # a server limits the length of ids
            try:
                async with target.session(user_id, session_id, heard) as session:
                    self._reconnection.connected()
                    session_id = session.session_id
                    recording = ConversationRecording(mode, rest[0].key)
                    for planned in rest:
                        heard_until_s = await self._take(session, conversation, planned, recording)
                        if heard_until_s is None:
                            break
                        if planned is not rest[-1] and mode == "realtime":
                            await asyncio.sleep(max(0.0, heard_until_s - perf_counter()))
            except ConnectionLostError as error:
                if reason := target.gone():
                    raise RunInterruptedError(reason) from error
                await self._reconnection.wait(error)
            except ServerError as error:
                if error.code in CONNECTION_FAULTS:
                    await self._reconnection.wait(ConnectionLostError(str(error)))
                    continue
                if error.code == "unknown_session" and before:
                    # The server lost the session. The remaining turns need its context, so the conversation restarts.
                    for turn in before:
                        del self._done[turn.key]
                    session_id = None
                    continue
                for planned in rest:
                    refused = TurnOutcome(error=(error.code, str(error)))
                    await self._record(planned, conversation, refused, session_id or "")

    async def _take(
        self,
        session: Session,
        conversation: PlannedConversation,
        planned: PlannedTurn,
        recording: ConversationRecording,
    ) -> float | None:
        """Execute and record one turn. Return when its reply has been played; None if the session ended.

        Raises ConnectionLostError, without recording anything, if the turn is to be repeated in another session.
        """
        sample = planned.sample
        request_audio = None
        lost: ConnectionLostError | None = None
        try:
            request_audio = await asyncio.to_thread(self._request_audio_source.of, sample)
            over = await asyncio.to_thread(interruption_for, sample, self._run, self._request_audio_source)
            utterance = Utterance(request_audio.audio, str(sample.audio_path))
            if over is None:
                outcome = await session.speak(utterance, self._run.spec.mode)
            else:
                outcome = await session.speak(utterance, self._run.spec.mode, over)
            if outcome.error is not None and outcome.error[0] in CONNECTION_FAULTS:
                raise ConnectionLostError(outcome.error[1])
            outcome = unless_damaged(outcome, request_audio.undecoded_s)
        except InputError as error:
            outcome = TurnOutcome(error=("bad_sample", str(error)))
        except NoReplyError as error:
            outcome, lost = TurnOutcome(error=(NO_REPLY, str(error))), error
        except ConnectionLostError as error:
            if self._reconnection.may_retry(planned.key):
                raise
            outcome, lost = TurnOutcome(error=(CONNECTION_LOST, str(error))), error
        # The server was reachable again, and this turn ended the connection again: the cause is the turn, not the
        # network.
        owner: Owner | None = "agent" if lost is not None else None
        await self._record(planned, conversation, outcome, session.session_id, request_audio, owner, recording)
        if lost is not None:
            self._reconnection.lost(lost)
            return None
        self._reconnection.answered()
        return turn_sound(outcome).end_s

    async def _record(
        self,
        planned: PlannedTurn,
        conversation: PlannedConversation,
        outcome: TurnOutcome,
        session_id: str,
        request_audio: RequestAudio | None = None,
        owner: Owner | None = None,
        recording: ConversationRecording | None = None,
    ) -> None:
        scenario, cold, self._cold = conversation.scenario_id, self._cold, False
        earlier = [self._done[one.key] for one in conversation.turns[: planned.number - 1] if one.key in self._done]
        before = [turn.heard or "" for turn in earlier if turn.status == "answered"]

        def keep() -> TurnResult:
            reply = outcome.reply_audio or encoded_reply(outcome)
            file = self._folder.save_reply(planned.key, reply) if reply else None
            timing = recording.add(outcome) if recording is not None else None
            recording_file = None
            if recording is not None and timing is not None:
                recording_file = self._folder.save_recording(recording.key, recording.flac())
            turn = turn_result(
                planned, scenario, outcome, session_id,
                reply_file=file, cold=cold, request_audio=request_audio, owner=owner,
            )  # fmt: skip
            timed = timing_fields(timing, recording_file, self._run.spec.mode)
            turn = turn.model_copy(update={**timed, "over_reply": spoken_over(planned.sample, self._run, timing)})
            self._folder.append(turn)
            if turn.heard is not None and turn.answer is not None and turn.status == "answered":
                self._folder.append_agent(recorded(turn, before))
            return turn

        # In a thread, because a slow disk must not delay the connection's heartbeat.
        turn = await asyncio.to_thread(keep)
        self._done[turn.key] = turn
        self._tally.add(turn)
