/** What the entry needs of OpenClaw's own module, which exists only inside a gateway. */
declare module 'openclaw/plugin-sdk/tool-plugin' {
  export function defineToolPlugin(definition: {
    id: string;
    name: string;
    description: string;
    configSchema: object;
    tools(tool: (definition: object) => object): object[];
  }): { register(api: object): void };
}
