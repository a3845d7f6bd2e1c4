// The shapes of the bodies; further members do not matter. Source: contract of the runtime API, 2.3.

export const actions = ['ready', 'drain', 'maint'] as const;

export const runtimeActionSchema = {
  $id: 'runtimeAction',
  type: 'object',
  required: ['action'],
  properties: { action: { enum: actions } },
} as const;
