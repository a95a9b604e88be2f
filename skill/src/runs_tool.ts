/** Looking after runs in later calls: their status, pages of their results, stopping them, going on with them. */

import type { DocumentReply } from './contract.ts';
import { type Invocation, startRun, waitForRun } from './invocation.ts';
import { follow } from './hand_over.ts';
import { removeFrom, reportOf } from './items.ts';
import type { ToolResult } from './openclaw.ts';
import { page } from './page.ts';
import { ask, documentReply, fitting, hinted, problem, progress, refused, result, runReply, storedReply } from './replies.ts';
import { tabLink } from './page_route.ts';
import { choose } from './routes.ts';
import { type Run, runs } from './runs.ts';
import type { RunRecord } from './store.ts';
import { type Fields, own, text } from './values.ts';

/** The functions of the component that read a report, by what callers say. */
const READERS: Record<string, string> = {
  page: 'result_page',
  explain: 'explain_task',
  result_page: 'result_page',
  explain_task: 'explain_task',
  result_digest: 'result_digest',
};

/** Why a run is stopped by `cancel`. */
const CANCELLED = 'cancelled by the session that asked for it';

const ACTIONS = ['list', 'status', 'page', 'explain', 'report', 'cancel', 'resume'];

export async function runsTool({ action, run_id, ...given }: Fields, invocation: Invocation): Promise<ToolResult> {
  const owner = invocation.context.sessionKey ?? '';
  if (action === 'list') return everything(owner, invocation);
  if (action === 'forget' && run_id === 'all') return forget(endedOf(owner, invocation), invocation);
  const id = text(run_id) ?? '';
  const stored = invocation.store?.record(id);
  // Somebody else's run is one that is not there.
  const record = stored?.owner === owner ? stored : undefined;
  // One that goes on in a cluster is followed from now on, if nobody does.
  const run = runs.get(id, owner) ?? (record?.state === 'running' ? followed(record, invocation) : undefined);
  if (!run && !record) {
    const message = id ? `this session has no run ${id}` : 'run_id is missing';
    return refused([problem('E_RUN_UNKNOWN', message, '/run_id', 'list shows all runs of this session')]);
  }
  const reply = run?.reply ?? (run?.live ? undefined : invocation.store?.result(id));
  /** What is known of it without waiting. */
  const known = () => (run ? runReply(run, invocation) : storedReply(record!, reply, invocation));
  // Whoever reads what became of it needs no notice of that.
  if (run) run.read();
  else if (record?.notice === 'due') invocation.store?.wasRead(record);
  const reader = own(READERS, action);
  if (reader) {
    if (!reply) return known();
    const { max_chars: _, ...rest } = given;
    const wanted = reader === 'explain_task' ? rest : { max_chars: invocation.maxChars, ...rest };
    // The answers of items are in no report.
    const lines = reader === 'result_page' ? (run?.items ?? invocation.store?.items(id)) : undefined;
    const own = lines && reportOf(lines, text(given['task_id']) ?? '');
    const read = await ask(reader, JSON.stringify({ ...wanted, report: own ?? JSON.parse(reply.val) }));
    return documentReply(read, null, invocation);
  }
  switch (action) {
    case 'status':
      return run ? waitForRun(run, invocation) : known();
    case 'report':
      return reply || tabLink(invocation.context.getRuntimeConfig?.()) ? report((run?.record ?? record)!, reply, invocation) : known();
    case 'forget':
      if (run?.live) return refused([problem('E_RUN_LIVE', `the run ${id} goes on`, '/run_id', 'cancel it first')]);
      return forget([id], invocation);
    case 'cancel':
      // Sessions of one that was cut off may live.
      if (!run && !reply && record?.state === 'running') return resume(id, invocation, CANCELLED);
      if (!run?.live) return hinted(await known(), 'there was nothing to cancel: the run was not running');
      run.stop(CANCELLED);
      return waitForRun(run, invocation);
    case 'resume':
      if (run?.live) return hinted(await waitForRun(run, invocation), 'there was nothing to resume: the run was running');
      return reply ? hinted(await known(), 'there was nothing to resume: the run had ended') : resume(id, invocation);
  }
  const message = `there is no action ${text(action)?.slice(0, 64)}; there are ${ACTIONS.join(', ')}`;
  return refused([problem('E_ACTION', message, '/action')]);
}

/** The runs of a session that have ended, here or before a restart. One that was cut off has not: `resume` continues it. */
function endedOf(owner: string, { store }: Invocation): string[] {
  const own = runs.of(owner).filter((run) => !run.live).map((run) => run.record.run_id);
  const stored = (store?.list() ?? []).filter((record) => record.owner === owner && record.state !== 'running' && !runs.isLive(record.run_id));
  return [...new Set([...own, ...stored.map(({ run_id }) => run_id)])];
}

/** Removes what memory, files and the session's workspace have of these runs. */
function forget(ids: string[], { store, context }: Invocation): ToolResult {
  for (const id of ids) {
    const record = runs.get(id, context.sessionKey ?? '')?.record ?? store?.record(id);
    if (context.workspaceDir) removeFrom(context.workspaceDir, id, record?.items);
    runs.forget(id);
    store?.forget(id);
  }
  return result({ ok: true, state: 'done', run_id: null, result: { forgotten: ids } });
}

/** Where a person can look at the run: the tab of the Control UI or, without one, a page beside the run's other files. */
function report({ run_id, function: name, state }: RunRecord, reply: DocumentReply | undefined, invocation: Invocation): ToolResult {
  const { store } = invocation;
  const link = tabLink(invocation.context.getRuntimeConfig?.());
  if (link) {
    const hint = `${run_id} is in the list there; on another machine the gateway has another address`;
    const standing = state === 'running' && !runs.isLive(run_id) ? 'interrupted' : state;
    return result({ ok: true, state: reply ? 'done' : standing, run_id, result: { link }, hint });
  }
  if (!store || !reply) {
    const hint = 'the operator sets retentionDays above 0';
    return refused([problem('E_NOT_KEPT', `nothing of the run ${run_id} is kept, so it has no page`, '/run_id', hint)]);
  }
  const file = store.page(run_id, page(name, reply.val, store.log(run_id).records));
  return result({ ok: true, state: 'done', run_id, result: { file }, hint: 'open it in a browser' });
}

function followed(record: RunRecord, invocation: Invocation): Run | undefined {
  const { store, notices } = invocation;
  return store && follow(record, { ...invocation, store, notices: notices() });
}

/** Continues a run; with `stop`, which says why, only to stop its sessions and bring it to its end. */
async function resume(id: string, invocation: Invocation, stop?: string): Promise<ToolResult> {
  const record = invocation.store?.record(id);
  if (record?.cluster) {
    const run = followed(record, invocation);
    if (run) return waitForRun(run, invocation);
    const message = `the run ${id} is one of a cluster, and this gateway has none`;
    return refused([problem('E_NO_CLUSTER', message, '/run_id', `the operator sets cluster again; it was ${record.cluster.url}`)]);
  }
  const journal = invocation.store?.journal(id);
  if (!record || !journal)
    return refused([problem('E_NO_JOURNAL', `the run ${id} has no journal`, '/run_id', 'start it again')]);
  const route = await choose(invocation);
  if (route.problem) return refused([route.problem]);
  return startRun(record.function, '{}', route, invocation, { resumed: { record, journal }, stop });
}

async function everything(owner: string, { store, maxChars }: Invocation): Promise<ToolResult> {
  const live = runs.of(owner).map((run) => ({
    run_id: run.record.run_id,
    function: run.record.function,
    started: run.record.started,
    state: run.live ? 'running' : run.record.state,
    progress: progress(run),
  }));
  const known = new Set(live.map(({ run_id }) => run_id));
  const stored = (store?.list() ?? []).filter((record) => record.owner === owner && !known.has(record.run_id));
  const old = stored.map(({ run_id, function: name, started, state }) => ({
    run_id,
    function: name,
    started,
    // Nobody here runs it, so a restart cut it off.
    state: state === 'running' ? 'interrupted' : state,
  }));
  const all = [...live, ...old].sort((left, right) => right.started.localeCompare(left.started));
  const reply = { ok: true, state: 'done', run_id: null, runs: [] };
  return result({ ...reply, runs: fitting(all.slice(0, 100), maxChars - JSON.stringify(reply).length) });
}
