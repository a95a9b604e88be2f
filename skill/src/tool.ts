/** The tool: parameters become a call of the component, its reply becomes the text that the model reads. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Broken, call } from './call.ts';
import type { DocumentReply, Progress } from './contract.ts';
import { Gateway } from './gateway.ts';
import { Host } from './host.ts';
import { type PluginApi, type Tool, type ToolContext, type ToolResult, loadToolFactory } from './openclaw.ts';
import { MAX_CHARS, shortened, withReport } from './reports.ts';
import { fields, list, text, words } from './words.ts';

export const TOOL = 'parallel_agents_call';

/** What the component says of its functions, written down when the plugin is built. */
interface DocumentFunction {
  name: string;
  description: string;
  parameters: string;
}

const FUNCTIONS = JSON.parse(readFileSync(new URL('./functions.json', import.meta.url), 'utf8')) as DocumentFunction[];

const WORKER = new URL('./worker.js', import.meta.url);

export interface Environment {
  api: PluginApi;
  context: ToolContext;
  outside: <T>(work: () => T) => T;
  /** The turn in which a call of the tool was made. */
  runOf: (callId: string) => string | undefined;
}

export function createTool(environment: Environment): Tool {
  const described = FUNCTIONS.map(
    ({ name, description, parameters }) => `${name}(${names(parameters)}): ${description}`,
  );
  return {
    name: TOOL,
    label: 'Parallel agents',
    description:
      'Runs specialised sub-agents in parallel and returns one checked result per task. Also makes ready-made teams of tasks.',
    catalogMode: 'direct-only',
    parameters: {
      type: 'object',
      additionalProperties: false,
      required: ['function', 'arguments'],
      properties: {
        function: { type: 'string', enum: FUNCTIONS.map(({ name }) => name), description: 'What to call.' },
        arguments: {
          type: 'object',
          description: `What the function takes; * is required. describe_function({"function"}) shows the whole schema.\n${described.join('\n')}`,
        },
        max_chars: {
          type: 'integer',
          minimum: 1_000,
          maximum: 200_000,
          description: `Characters of the reply, ${MAX_CHARS} by default. A longer report comes back shortened, with a report_id: result_page({"report_id", "task_id", "offset"}) reads the rest, explain_task({"report_id", "task_id"}) tells how a task went.`,
        },
      },
    },
    execute: (...given) => execute(environment, ...given),
  };
}

async function execute(
  environment: Environment,
  ...[id, parameters, signal, onUpdate]: Parameters<Tool['execute']>
): Promise<ToolResult> {
  const { api, context, outside, runOf } = environment;
  const { function: name, arguments: given, max_chars: most } = fields(parameters);
  let host: Host | undefined;
  const stop = () => host?.stop('the turn was stopped');
  try {
    const createTools = await loadToolFactory();
    const gateway = new Gateway({ runtime: api.runtime, context, createTools, runId: runOf(id), outside });
    host = new Host(gateway, gateway.facts(seed(api.pluginConfig)));
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    const ask = (name: string, document: string) =>
      call(WORKER, { function: name, arguments: document }, host as Host, (progress) => show(progress, onUpdate));
    const reply = await ask(text(name) ?? '', withReport(fields(given ?? {})));
    return result(await shortened(reply, typeof most === 'number' ? most : MAX_CHARS, ask));
  } catch (error) {
    return result(broken(error));
  } finally {
    signal?.removeEventListener('abort', stop);
    const left = await host?.close();
    if (left?.length) api.logger.warn(`sessions that could not be stopped: ${left.join(', ')}`);
  }
}

/** A failure on this side, in the shape in which the component refuses a call. */
function broken(error: unknown): DocumentReply {
  const code = error instanceof Broken ? error.code : 'E_HOST_UNSUPPORTED';
  const problem = { code, message: words(error), path: '', retryable: false };
  return { tag: 'refused', val: JSON.stringify({ error: problem, errors: [problem] }) };
}

/** The names of a function's arguments, as its schema has them. */
function names(parameters: string): string {
  const { properties, required } = fields(JSON.parse(parameters));
  const wanted = list(required);
  return Object.keys(fields(properties ?? {}))
    .map((name) => (wanted.includes(name) ? `${name}*` : name))
    .join(', ');
}

function result({ tag, val }: DocumentReply): ToolResult {
  return { content: [{ type: 'text', text: val }], details: { reply: tag } };
}

function seed(config: Record<string, unknown> | undefined): bigint {
  const fixed = config?.['seed'];
  return typeof fixed === 'number' && Number.isSafeInteger(fixed) ? BigInt(fixed) : randomBytes(8).readBigUInt64LE();
}

function show({ task, status, ended, total }: Progress, onUpdate?: (update: object) => void): void {
  const line = `${task}: ${status} (${ended} of ${total} done)`;
  const progress = { text: line, visibility: 'channel', privacy: 'public' };
  try {
    onUpdate?.({ content: [{ type: 'text', text: line }], details: {}, progress });
  } catch {
    // Progress is for display only.
  }
}
