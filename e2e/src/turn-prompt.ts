/** What a language model reads before it answers one turn of a call: an agent's instructions with what it knows and may do, and the conversation so far. */

const OPENING = `Eres la recepcionista virtual de la Clínica San Telmo. Atiendes por teléfono, en español, con frases cortas que se puedan decir en voz alta. No inventes
precios, horarios ni nombres: si algo no está escrito aquí, dilo y ofrece pasar la llamada a una persona. No des consejo médico. Si la persona describe dolor en
el pecho, dificultad para respirar o una hemorragia, dile que cuelgue y llame al 112. Antes de reservar, confirma el nombre, el teléfono y la hora que has oído.
Repite los números de uno en uno. Si la persona te interrumpe, calla, escucha y contesta a lo último que ha dicho. Despídete solo cuando ella se despida.`;

const SPECIALITIES = [
  'medicina general',
  'pediatría',
  'dermatología',
  'traumatología',
  'ginecología',
  'oftalmología',
  'cardiología',
  'fisioterapia',
  'otorrinolaringología',
  'urología',
  'nutrición',
  'psicología',
  'odontología',
];
const DAYS = ['los lunes y miércoles', 'los martes y jueves', 'los miércoles y viernes', 'de lunes a viernes'];

/** The list of what the clinic offers, as an agent is given it. */
const KNOWLEDGE = SPECIALITIES.flatMap((speciality, index) => [
  `Consulta de ${speciality}: ${DAYS[index % DAYS.length]}, de ${8 + (index % 3)}:00 a ${14 + (index % 4)}:30, planta ${1 + (index % 3)}, primera visita ${60 + 5 * index} euros.`,
  `Para ${speciality} hay que traer el documento de identidad y los informes anteriores; la cita se cambia sin coste hasta veinticuatro horas antes.`,
]);

const TOOLS = `Herramientas: buscar_hueco {"especialidad": texto, "desde": fecha} devuelve las horas libres. reservar_cita {"hueco": texto, "nombre": texto, "telefono": texto}
reserva una. pasar_llamada {"motivo": texto} la pasa a una persona. Usa una sola herramienta cada vez y espera su respuesta antes de hablar.`;

/** The same for every call of an agent: a server that keeps prompts it has read saves it here as it does in calls. */
const INSTRUCTIONS = [OPENING, ...KNOWLEDGE, TOOLS].join('\n');

/** A conversation as another call has it: its number is in its first words, so that no more than the instructions was read before. */
export function turnPrompt(number: number): string {
  const hour = 8 + (number % 10);
  const speciality = SPECIALITIES[number % SPECIALITIES.length] ?? 'pediatría';
  return `${INSTRUCTIONS}

Llamada ${number}.
Agente: Clínica San Telmo, buenos días, ¿en qué puedo ayudarle?
Persona: Hola, soy Ana García, quería pedir una cita de ${speciality} para esta semana, si puede ser.
Agente: Claro, Ana. Tengo un hueco el jueves a las ${hour} y media. ¿Le viene bien?
Persona: El jueves trabajo hasta las tres. ¿No hay nada por la tarde, o el viernes a primera hora?
Agente: El viernes a las ${hour} en punto está libre. ¿Se lo reservo?
Persona: Sí, perfecto. Y otra cosa, ¿qué tengo que llevar y cuánto cuesta la primera visita?
Agente:`;
}
