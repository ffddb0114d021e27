"""Phrases that Whisper makes of silence, as its users report them; they come from the subtitles that it learned from. Spanish first."""

CERTAIN = (
    # Spanish
    "Subtítulos realizados por la comunidad de Amara.org",
    "Subtítulos por la comunidad de Amara.org",
    "Subtitulado por la comunidad de Amara.org",
    "Subtítulos en español de Amara.org",
    "¡Suscríbete!",
    "¡Suscríbete al canal!",
    "Suscríbete y activa la campanita",
    "No olvides suscribirte",
    "No olvides suscribirte al canal",
    "Dale like y suscríbete",
    "Gracias por ver el video",
    "Gracias por ver este video",
    "Muchas gracias por ver el video",
    "Gracias por ver",
    "Gracias por su atención y hasta la próxima",
    "Nos vemos en el próximo video",
    "Hasta el próximo video",
    "Hasta la próxima, chao",
    "Más información en el canal",
    "Más información www.alimmenta.com",
    "Música de fondo",
    # English
    "Thanks for watching",
    "Thank you for watching",
    "Thank you so much for watching",
    "Please subscribe to my channel",
    "Don't forget to like and subscribe",
    "Like and subscribe",
    "Subtitles by the Amara.org community",
    "See you in the next video",
    # Portuguese, French, Italian, German, Catalan
    "Legendas pela comunidade Amara.org",
    "Obrigado por assistir",
    "Inscreva-se no canal",
    "Sous-titres réalisés par la communauté d'Amara.org",
    "Sous-titres réalisés para la communauté d'Amara.org",
    "Merci d'avoir regardé cette vidéo",
    "Sottotitoli creati dalla comunità Amara.org",
    "Grazie per aver guardato il video",
    "Untertitel der Amara.org-Community",
    "Untertitel im Auftrag des ZDF für funk, 2017",
    "Vielen Dank fürs Zuschauen",
    "Subtítols realitzats per la comunitat d'Amara.org",
)
"""Nobody says these on the telephone: they are never believed, unless a flow expects them."""

DOUBTFUL = (
    "Gracias",
    "Muchas gracias",
    "Hasta la próxima",
    "Hasta luego",
    "Adiós",
    "Chao",
    "¡Hasta pronto!",
    "Música",
    "Aplausos",
    "Risas",
    "Sí",
    "Eh",
    "Bueno",
    "Thank you",
    "Thanks",
    "Bye",
    "Bye bye",
    "You",
    "Okay",
    "Obrigado",
    "Merci",
    "Danke",
    "Grazie",
)
"""Callers say these too: they are believed when the engine is sure."""

MARKS = ("amara org", "www", "subtitulos por", "subtitulado por", "sous titrage", "untertitelung")
"""Words that are in subtitles' credits and in no call."""
