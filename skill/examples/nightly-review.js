// For the gateway's scheduler: has the saved request nightly-review read what was committed since yesterday.
const log = await exec({ command: 'git log -p --since="24 hours ago" | head -c 90000' });
const code = String(log.aggregated ?? '').trim();
if (!code) return { notify: 'Nothing was committed since yesterday.' };
let reply = await parallel_agents_saved({ action: 'run', name: 'nightly-review', values: { code }, timeoutSeconds: 600 });
while (reply.state === 'running')
  reply = await parallel_agents_runs({ action: 'status', run_id: reply.run_id, timeoutSeconds: 600 });
if (!reply.ok) throw new Error(JSON.stringify(reply.errors));
const { results } = reply.result;
const completed = results.filter(({ status }) => status === 'completed').length;
const lines = results.map(({ task_id, status, output }) => `${task_id}: ${output?.summary ?? status}`);
return { notify: [`${completed} of ${results.length} reviews`, ...lines].join('\n') };
