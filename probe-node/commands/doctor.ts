import { type Command, EXIT } from './command.ts'
export const doctor: Command = { summary: 'x', usage: '', run: async () => EXIT.clear }
