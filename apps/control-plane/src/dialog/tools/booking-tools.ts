// The five tools of booking: look what is free, take it, confirm, cancel and move it. Dates in words are the model's to turn into dates.
import type { AppointmentBook } from '#ports/appointment-book.ts';
import { createCheckAvailabilityTool } from './check-availability-tool.ts';
import { createBookTool, createConfirmTool } from './book-tool.ts';
import { createCancelTool, createRescheduleTool } from './reschedule-tool.ts';
import type { Tool } from './tool.ts';

/** Every tool of booking, over one book. */
export function createBookingTools(parts: { readonly book: AppointmentBook }): readonly Tool[] {
  const { book } = parts;
  return [
    createCheckAvailabilityTool(book),
    createBookTool(book),
    createConfirmTool(book),
    createCancelTool(book),
    createRescheduleTool(book),
  ];
}
