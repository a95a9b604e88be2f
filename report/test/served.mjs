// The plugin's pages as OpenClaw serves them: everybody who asks is its operator.

import { createServer } from 'node:http';

import { registerPages } from '../../skill/src/page_route.ts';

/** Serves the pages of runs that are kept in `state`. `answered` hears what is asked for and every answer. */
export async function servePages(openclaw, state, answered = () => {}) {
  const routes = [];
  registerPages(
    {
      ...openclaw.api(),
      runtime: { ...openclaw.runtime, state: { resolveStateDir: () => state } },
      registerHttpRoute: (route) => routes.push(route),
      session: { controls: { registerControlUiDescriptor: () => {} } },
    },
    async () => ({ connect: { scopes: ['operator.admin'] } }),
  );
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const { end } = response;
    response.end = (text, ...rest) => {
      answered(url, text);
      return end.call(response, text, ...rest);
    };
    const route = routes.find((route) => url.pathname.startsWith(route.path));
    if (route) void route.handler(request, response);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { base: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
