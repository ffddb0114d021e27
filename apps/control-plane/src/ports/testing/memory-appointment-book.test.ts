import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { contractOffer, describeAppointmentBook } from './appointment-book.contract.ts';
import { createMemoryAppointmentBook } from './memory-appointment-book.ts';

describeAppointmentBook('the book in memory', async () => {
  let now = new Date();
  const [scope, otherScope] = [mintOrgScope(newId('organization')), mintOrgScope(newId('organization'))];
  const services = contractOffer.services.map((service) => ({ ...service, serviceId: newId('bookingService'), priceText: null }));
  const staff = contractOffer.staff.map(({ name, does }) => ({
    staffId: newId('bookingStaff'),
    name,
    serviceIds: services.filter((service) => does.includes(service.name)).map(({ serviceId }) => serviceId),
  }));
  const { organizationId } = scope;
  const book = createMemoryAppointmentBook({ organizationId, calendar: contractOffer.calendar, services, staff, now: () => now });
  return { book, scope, otherScope, setNow: (at) => (now = at), [Symbol.asyncDispose]: async () => {} };
});
