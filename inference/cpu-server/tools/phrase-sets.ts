// What callers say to a clinic's reception, and what they say that nobody expected: the material of the calibration.

/** Expected phrases of one language, and sentences that are not among them. */
export interface PhraseSet {
  readonly language: string;
  readonly hints: readonly string[];
  readonly others: readonly string[];
}

const words = (text: string) =>
  text
    .split('\n')
    .flatMap((line) => line.split('|'))
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '');

export const phraseSets: readonly PhraseSet[] = [
  {
    language: 'es',
    hints: words(`
      sí | no | quiero pedir una cita | quiero cancelar mi cita | cambiar la cita | cuál es el horario | a qué hora abren | a qué hora cierran
      el lunes | el martes | el miércoles | el jueves | el viernes | el sábado | mañana | pasado mañana | esta tarde | por la mañana | por la tarde
      a las nueve | a las diez | a las once | a las doce | a las cuatro | a las cinco | a las seis | hablar con una persona | quiero hablar con recepción
      repita por favor | está bien | de acuerdo | muchas gracias | adiós | nada más | no lo sé | dónde están | necesito una receta | es una urgencia
      sí por favor | no gracias`),
    others: words(`
      quería saber cuánto cuesta una radiografía | mi perro se ha comido un zapato | el tren sale a las ocho de la estación | hoy hace mucho calor
      me puede enviar la factura | trabajo en una oficina | la ventana está abierta | compré tres kilos de naranjas | ayer vimos una película
      no encuentro las llaves del coche | la reunión se ha retrasado | qué equipo ganó el partido | vivo en la calle mayor | mi número es el siete
      se me ha roto el teléfono | el domingo | azul | trescientos veinte | buenas noches señora | la semana que viene | no funciona | perfecto entonces
      a las siete y media | el dentista | mi hija tiene fiebre | quiero comprar un billete | cancelar el pedido | el abogado | una pizza grande | espere un momento`),
  },
  {
    language: 'en',
    hints: words(`
      yes | no | I want to make an appointment | I want to cancel my appointment | change my appointment | what are your opening hours | when do you open
      when do you close | on Monday | on Tuesday | on Wednesday | on Thursday | on Friday | on Saturday | tomorrow | the day after tomorrow | this afternoon
      in the morning | in the afternoon | at nine o'clock | at ten o'clock | at eleven o'clock | at noon | at four o'clock | at five o'clock | at six o'clock
      talk to a person | can I speak to reception | please repeat that | all right | that is fine | thank you very much | goodbye | nothing else | I don't know
      where are you | I need a prescription | it is an emergency | yes please | no thank you`),
    others: words(`
      how much does an X-ray cost | my dog has eaten a shoe | the train leaves from platform two | it is very hot today | could you send me the invoice
      I work in an office | the window is open | I bought three kilos of oranges | we watched a film yesterday | I cannot find my car keys
      the meeting is late | who won the match | I live on main street | my number is seven | my telephone is broken | on Sunday | blue | three hundred and twenty
      good evening madam | some time next week | it does not work | perfect then | at half past seven | the dentist | my daughter has a fever
      I want to buy a ticket | cancel the order | the lawyer | a large pizza | wait a moment`),
  },
];
