// Somebody who is connected to a gateway and answers what its plugins ask: node approver.mjs ADDRESS TOKEN DECISION
//
// DECISION is allow-once or deny; anything else answers nothing. Prints a line when it is connected, and one for each question.

const [address, token, decision] = process.argv.slice(2);
const socket = new WebSocket(`ws://${address}`);
const waiting = new Map();
let count = 0;

function ask(method, params) {
  count += 1;
  socket.send(JSON.stringify({ type: 'req', id: String(count), method, params }));
  return new Promise((resolve) => waiting.set(String(count), resolve));
}

function say(line) {
  console.log(JSON.stringify(line));
}

const client = { id: 'gateway-client', version: '1.0.0', platform: 'linux', mode: 'backend' };
// Without the last one, the gateway shows a question only to whoever it concerns.
const scopes = ['operator.read', 'operator.approvals', 'operator.admin'];
const caps = ['plugin-approvals'];

socket.onmessage = async ({ data }) => {
  const { type, id, ok, error, event, payload } = JSON.parse(data);
  if (type === 'res') {
    waiting.get(id)?.({ ok, error });
    waiting.delete(id);
  } else if (event === 'connect.challenge') {
    const versions = { minProtocol: 4, maxProtocol: 4 };
    say({ connected: await ask('connect', { ...versions, client, role: 'operator', scopes, caps, auth: { token } }) });
  } else if (event === 'plugin.approval.requested') {
    say({ question: payload.request });
    if (['allow-once', 'deny'].includes(decision))
      say({ answered: await ask('plugin.approval.resolve', { id: payload.id, decision }) });
  }
};
socket.onerror = () => process.exit(1);
socket.onclose = () => process.exit(0);
