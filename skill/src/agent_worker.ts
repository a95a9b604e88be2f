/** The thread in which agent files are read, since nobody has checked what is in them. It decides nothing. */

import type { AgentFiles, Call, Said } from './contract.ts';
import { gatewayPort, givenCall } from './in_thread.ts';
import { component, load } from './pinned.ts';

const { reading } = await (await component<AgentFiles>('agent_files.js')).instantiate(load, {});
const { function: name, arguments: document, files = [], lists } = await givenCall<Call & { lists?: boolean }>();
const made = lists ? reading.listAgents(files) : reading.addAgents(name, document, files);
const said: Said = { kind: 'reply', reply: { tag: 'answer', val: JSON.stringify(made) } };
gatewayPort().postMessage(said);
