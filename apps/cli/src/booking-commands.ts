// centralita booking: what callers may book and what they booked, with the token of the organization.
import { Option } from 'commander';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { limitOption, numberOf, numberOption, readJson, repeatedOption, textOf, textOption } from './options.ts';
import type { Column } from './table.ts';

const serviceColumns: readonly Column[] = [
  ['ID', 'serviceId'],
  ['NAME', 'name'],
  ['ALSO', 'synonyms'],
  ['MINUTES', 'minutes'],
  ['PRICE', 'priceText'],
  ['ACTIVE', 'active'],
];
const staffColumns: readonly Column[] = [
  ['ID', 'staffId'],
  ['NAME', 'name'],
  ['SERVICES', 'serviceIds'],
  ['ACTIVE', 'active'],
];
const appointmentColumns: readonly Column[] = [
  ['ID', 'appointmentId'],
  ['DATE', 'date'],
  ['TIME', 'time'],
  ['SERVICE', 'service.name'],
  ['STAFF', 'staff.name'],
  ['NAME', 'contactName'],
  ['NUMBER', 'contactNumber'],
  ['STATE', 'state'],
];
/** A day of work has fewer; longer is refused by the API too. */
const MINUTES = { from: 1, to: 1_440 };
const organization = { asks: 'organization' } as const;

const calendar: CommandSpec = {
  ...organization,
  name: 'calendar',
  summary: 'opening hours, days that differ, and how far ahead may be booked',
  example: 'booking calendar --json > calendar.json',
  run: async (invocation) => invocation.show(await (await invocation.api()).get('/booking/calendar')),
};

const setCalendar: CommandSpec = {
  ...organization,
  name: 'set-calendar',
  args: ['file'],
  summary: 'replace the calendar by that of a JSON file, or of standard input with -',
  example: 'booking set-calendar calendar.json',
  run: async (invocation, { args }) => {
    const body = await readJson(invocation.terminal, args['file'] ?? '');
    invocation.show(await (await invocation.api()).send('PUT', '/booking/calendar', body));
  },
};

const services: CommandSpec = {
  ...organization,
  name: 'services',
  options: [limitOption],
  summary: 'what can be booked',
  example: 'booking services',
  run: (invocation, { options }) =>
    invocation.list({ path: '/booking/services', plural: 'services', limit: numberOf(options, 'limit') }, serviceColumns),
};

const addService: CommandSpec = {
  ...organization,
  name: 'add-service',
  args: ['name'],
  options: [
    numberOption('--minutes <minutes>', 'how long it takes', MINUTES).makeOptionMandatory(),
    repeatedOption('--synonym <words>', 'what callers also call it; may be given several times'),
    textOption('--price <words>', 'the price as callers are told it'),
  ],
  summary: 'let a service be booked',
  example: "booking add-service 'Limpieza facial' --minutes 60 --synonym facial --price '40 euros'",
  run: async (invocation, { args, options }) => {
    const { minutes, synonym: synonyms, price: priceText } = options;
    const body = { name: args['name'], minutes, synonyms, priceText };
    invocation.show(await (await invocation.api()).send('POST', '/booking/services', body));
  },
};

const staff: CommandSpec = {
  ...organization,
  name: 'staff',
  options: [limitOption],
  summary: 'who does what can be booked',
  example: 'booking staff',
  run: (invocation, { options }) =>
    invocation.list({ path: '/booking/staff', plural: 'staff', limit: numberOf(options, 'limit') }, staffColumns),
};

const addStaff: CommandSpec = {
  ...organization,
  name: 'add-staff',
  args: ['name'],
  options: [repeatedOption('--service <service>', 'id of a service that they do; may be given several times').makeOptionMandatory()],
  summary: 'let somebody, or a thing such as a table, be booked',
  example: 'booking add-staff Ana --service svc_0198c0ffee…',
  run: async (invocation, { args, options }) => {
    const body = { name: args['name'], serviceIds: options['service'] };
    invocation.show(await (await invocation.api()).send('POST', '/booking/staff', body));
  },
};

const appointments: CommandSpec = {
  ...organization,
  name: 'appointments',
  options: [
    textOption('--from <instant>', 'that start then or later, such as 2026-12-01T00:00:00Z'),
    textOption('--to <instant>', 'that start before'),
    new Option('--state <state>', 'only in this state').choices(['held', 'confirmed', 'cancelled', 'rescheduled']),
    textOption('--staff <staff>', 'only with this one: an id'),
    limitOption,
  ],
  summary: 'what was booked, in the order of time',
  example: 'booking appointments --from 2026-12-01T00:00:00Z --state confirmed',
  run: (invocation, { options }) => {
    const query = {
      startsFrom: textOf(options, 'from'),
      startsTo: textOf(options, 'to'),
      state: textOf(options, 'state'),
      staffId: textOf(options, 'staff'),
    };
    const limit = numberOf(options, 'limit');
    return invocation.list({ path: '/booking/appointments', plural: 'appointments', query, limit }, appointmentColumns);
  },
};

const cancel: CommandSpec = {
  ...organization,
  name: 'cancel',
  args: ['appointment'],
  summary: 'cancel an appointment; its time is free again',
  example: 'booking cancel appt_0198c0ffee…',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Cancel the appointment ${args['appointment']}?`);
    const path = pathOf('/booking/appointments', args['appointment'] ?? '', 'cancel');
    invocation.show(await (await invocation.api()).send('POST', path));
  },
};

export const bookingCommands: CommandGroup = {
  name: 'booking',
  summary: 'what callers may book and what they booked, with the token in CENTRALITA_TOKEN',
  commands: [calendar, setCalendar, services, addService, staff, addStaff, appointments, cancel],
};
