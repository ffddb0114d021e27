// The names of the product's own tools: what flows may name, and what no organization may call a tool of its own.

export const PRODUCT_TOOL_NAMES = [
  'knowledge_search',
  'check_availability',
  'book',
  'confirm',
  'cancel',
  'reschedule',
  'transfer_to_person',
  'take_message',
  'end_call',
  'recall_caller',
  'remember_caller',
  'forget_caller',
] as const;
