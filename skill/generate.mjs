// What OpenClaw is told of the tools: tools.json and the component's own functions, put together at build time, so that
// neither parameters nor descriptions are written a second time.

/** Taken by every tool that models call, and by the plugin alone. */
const COMMON = {
  timeoutSeconds: {
    type: 'integer',
    minimum: 1,
    maximum: 600,
    description:
      'Seconds after which this call returns in any case (default: the operator decides, 80). What is not done by then goes on, and the reply says how its end comes to you.',
  },
  max_chars: {
    type: 'integer',
    minimum: 1000,
    maximum: 200000,
    description:
      'Characters of the reply (default 15,000). A longer report comes shortened; parallel_agents_runs with the action page reads the rest.',
  },
};

/** Taken by every tool that gives back results of tasks. */
const DETAIL = {
  detail: {
    type: 'boolean',
    description: 'true: results with attempts, usage, cost and all flags. Default: statuses, errors, answers, and the marks that are set.',
  },
};

function texts(...names) {
  return Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
}

/** What every tool gives back beside its result. `status`, `error` and `timedOut` are words that OpenClaw itself reads, so they are avoided. */
const REPLY = {
  type: 'object',
  required: ['ok', 'state'],
  properties: {
    ok: { type: 'boolean', description: 'False: the call was refused or broke, and errors says why.' },
    state: {
      type: 'string',
      enum: ['done', 'running', 'interrupted', 'refused', 'broken'],
      description: 'running: ask again with run_id. interrupted: it can be resumed. Only done has a result.',
    },
    run_id: { type: ['string', 'null'], description: 'Null where no session was spawned.' },
    progress: {
      type: ['object', 'null'],
      properties: { ended: { type: 'integer' }, running: { type: 'integer' }, total: { type: 'integer' } },
    },
    tasks: {
      type: 'array',
      items: { type: 'object', properties: texts('task_id', 'agent_type', 'status') },
      description: 'While it runs: tasks that have begun and not ended, as many as have room.',
    },
    runs: {
      type: 'array',
      items: { type: 'object', properties: texts('run_id', 'function', 'started', 'state') },
      description: 'The runs of this session, newest first.',
    },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: { type: 'string' }, message: { type: 'string' } },
      },
    },
    hint: { type: 'string', description: 'What to do next.' },
    warnings: { type: 'array', items: { type: 'string' }, description: 'What was not used of agent files.' },
  },
};

/** One schema that takes what any of several functions takes; which fields belong to which is said in words. */
function together(schemas) {
  const properties = {};
  const everywhere = (name) => schemas.every(({ schema }) => name in schema.properties);
  for (const { label, schema } of schemas) {
    for (const [name, property] of Object.entries(schema.properties)) {
      const description = everywhere(name) ? property.description : `${label}: ${property.description ?? name}`;
      properties[name] ??= { ...property, description };
    }
  }
  return properties;
}

function parameters(tool, schemaOf, names) {
  if (tool.function) return schemaOf(tool.function);
  if (tool.teams) {
    const teams = Object.entries(tool.teams).map(([label, name]) => ({ label, schema: schemaOf(name) }));
    const properties = { team: { type: 'string', enum: Object.keys(tool.teams) }, ...together(teams) };
    return { type: 'object', additionalProperties: false, required: ['team'], properties };
  }
  if (tool.catalogue) {
    const properties = together(tool.catalogue.map((label) => ({ label, schema: schemaOf(label) })));
    return { type: 'object', additionalProperties: false, properties };
  }
  const { properties, ...rest } = structuredClone(tool.parameters);
  if (tool.call || tool.saved) properties.function.enum = names;
  return { ...rest, properties };
}

/**
 * A result's schema with those that it refers to in their places. What stands beside a reference is laid over it. Comments
 * are for people: models read the schema with every tool.
 */
function whole(schema, results) {
  if (Array.isArray(schema)) return schema.map((one) => whole(one, results));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, $comment, ...beside } = schema;
  const own = Object.fromEntries(Object.entries(beside).map(([name, one]) => [name, whole(one, results)]));
  if ($ref === undefined) return own;
  const base = whole(results($ref), results);
  return { ...base, ...own, properties: { ...base.properties, ...own.properties } };
}

/** The schema of a tool's replies; `returns` names the files of what it may give back, and none is any result. */
function outputSchema(returns, results) {
  const kinds = (returns ?? []).map((name) => whole({ $ref: `${name}.json` }, results));
  const [only] = kinds;
  const result = kinds.length > 1 ? { anyOf: kinds } : (only ?? { description: 'What the function returns.' });
  return { ...REPLY, properties: { ...REPLY.properties, result } };
}

/**
 * The tools as OpenClaw registers them, and how the plugin finds the function behind each. `results` reads a file of
 * schemas/results.
 */
export function tools(sources, functions, results) {
  const known = new Map(functions.map((one) => [one.name, one]));
  const schemaOf = (name) => JSON.parse(known.get(name).parameters);
  return sources.map(({ more, returns, metadata, ...tool }) => {
    const schema = parameters(tool, schemaOf, [...known.keys()]);
    const own = tool.function ? known.get(tool.function).description : tool.description;
    return {
      name: tool.name,
      label: tool.label,
      description: more ? `${own} ${more}` : own,
      behind: { function: tool.function, teams: tool.teams, catalogue: tool.catalogue, call: tool.call, saved: tool.saved, door: tool.door },
      // What the door is given is read by its own schema, and the caller is no model whose context would be filled.
      parameters: tool.door ? schema : { ...schema, properties: { ...schema.properties, ...COMMON, ...(tool.catalogue ? {} : DETAIL) } },
      outputSchema: outputSchema(returns, results),
    };
  });
}

/**
 * The manifest with the names of the tools, the labels of the configuration's form, and what each tool does to the world:
 * `sideEffecting` spawns, stops or writes something, `replaySafe` may be called again by a turn that broke off. The profile
 * `coding` is for work in files with sub-agents, which is what these tools add to.
 */
export function manifest(source, tools, version) {
  const names = tools.map(({ name }) => name);
  const toolMetadata = Object.fromEntries(tools.map(({ name, metadata }) => [name, { ...metadata, profiles: ['coding'] }]));
  const made = Object.fromEntries(hints(source.configSchema, []));
  const own = Object.entries(source.uiHints).map(([place, hint]) => [place, { ...made[place], ...hint }]);
  const uiHints = { ...made, ...Object.fromEntries(own) };
  return { ...source, version, uiHints, contracts: { ...source.contracts, tools: names }, toolMetadata };
}

/** What OpenClaw's form says of the fields of a configuration: the titles and descriptions of its schema. */
function hints(schema, path) {
  const below = Object.entries(schema.properties ?? {});
  if (typeof schema.additionalProperties === 'object') below.push(['*', schema.additionalProperties]);
  if (schema.type === 'array') below.push(['*', schema.items]);
  return below.flatMap(([name, one]) => {
    const place = [...path, name];
    const own = one.title === undefined ? [] : [[place.join('.'), { label: one.title, help: one.description }]];
    return [...own, ...hints(one, place)];
  });
}

/** The package as it is published: what publish.json says of names and places beside what is fixed. */
export function packageJson(source, names, { description, version }) {
  const { package: name, author, keywords, repository } = names;
  const install = { ...source.openclaw.install, npmSpec: name, clawhubSpec: `clawhub:${name}` };
  return {
    name,
    version,
    description,
    keywords,
    author,
    homepage: `${repository}#readme`,
    bugs: { url: `${repository}/issues` },
    repository: { type: 'git', url: `git+${repository}.git`, directory: 'skill' },
    ...source,
    openclaw: { ...source.openclaw, install },
  };
}
