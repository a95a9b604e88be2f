/** The thread in which agent files are read, since nobody has checked what is in them. It decides nothing. */

import { parentPort, workerData } from 'node:worker_threads';

import type { AgentFiles, Call, Said } from './contract.ts';
import { component, load } from './pinned.ts';

const { function: name, arguments: document, files = [], lists } = workerData as Call & { lists?: boolean };
const { reading } = await (await component<AgentFiles>('agent_files.js')).instantiate(load, {});
const made = lists ? reading.listAgents(files) : reading.addAgents(name, document, files);
const said: Said = { kind: 'reply', reply: { tag: 'answer', val: JSON.stringify(made) } };
parentPort?.postMessage(said);
