// What an API token may do: the closed list that the public contract names, and the presets that people pick from.

/** Every scope that a route may ask for. The words are the public contract's. */
export const permissionScopes = [
  'agent:read',
  'agent:write',
  'calls:read',
  'calls:write',
  'recordings:read',
  'qa:read',
  'qa:write',
  'campaigns:read',
  'campaigns:write',
  'messages:read',
  'messages:write',
  'health:read',
] as const;
export type PermissionScope = (typeof permissionScopes)[number];

/** What a token may be granted: a scope, or both scopes of a kind at once. */
export const grantableScopes = [...permissionScopes, 'campaigns:*', 'messages:*'] as const;
export type GrantableScope = (typeof grantableScopes)[number];

/** Sets of scopes for the usual holders of a token. */
export const scopePresets = {
  /** Dashboards and exports: reads everything but sound. */
  reporting: ['agent:read', 'calls:read', 'qa:read', 'campaigns:read', 'messages:read'],
  /** Supervisors and quality analysts: also hear recordings and write evaluations. */
  quality: ['agent:read', 'calls:read', 'recordings:read', 'qa:read', 'qa:write'],
  /** The organization's own systems, such as its CRM. */
  integration: ['agent:read', 'calls:read', 'calls:write', 'campaigns:*', 'messages:*'],
  /** Whoever configures agents. */
  builder: ['agent:read', 'agent:write', 'calls:read'],
  /** Whoever watches the appliance: no organization's things, so it is not in `full`. */
  monitoring: ['health:read'],
  /** Everything that is the organization's. */
  full: ['agent:read', 'agent:write', 'calls:read', 'calls:write', 'recordings:read', 'qa:read', 'qa:write', 'campaigns:*', 'messages:*'],
} as const satisfies Record<string, readonly GrantableScope[]>;
export type ScopePreset = keyof typeof scopePresets;

/** Whether the scopes of a token cover the one that a route asks for. */
export function allows(granted: readonly GrantableScope[], required: PermissionScope): boolean {
  return granted.some((scope) => scope === required || (scope.endsWith(':*') && required.startsWith(scope.slice(0, -1))));
}
