# Die gemeinsame Gestaltung.
not-a-medical-device = Simulation. Kein Medizinprodukt; niemanden damit behandeln.
not-known-yet = Es ist noch nicht bekannt, ob die Dosis begonnen hat. Bitte nicht noch einmal anfordern.
simulated-population = Simulierte Personen, nicht dieser Patient. Keine Freigabe.
may-be-old = Von der Pumpe gelesen: { $age }. Es kann sich seither geändert haben.
read-at = Von der Pumpe gelesen: { $age }

face-clinic = Klinik
face-programmer = Programmiergerät
face-handset = Handgerät
skip = Zum Inhalt springen
places = Bereiche
waiting = offen

level-off = Läuft nicht
level-good = Wie es sein soll
level-notice = Zur Kenntnis
level-unknown = Nicht bekannt
level-caution = Bald ansehen
level-danger = Jetzt handeln

origin-ordered = verordnet
origin-delivered = abgegeben
origin-measured = gemessen
origin-calculated = berechnet

form-problems = { $n ->
    [one] Eine Angabe kann nicht übernommen werden
   *[other] { $n } Angaben können nicht übernommen werden
}
form-you-entered = Eingegeben: „{ $value }“.
form-limit = Grenze: { $limit }.
form-optional = (kann leer bleiben)
form-choose = Auswählen
search = Suchen
table-sort = Danach ordnen
pages-label = Seiten der Liste
pages-before = Zurück
pages-after = Weiter
dialog-hint = Escape schließt, ohne etwas zu tun.

changes-what = Was
changes-old = Jetzt
changes-new = Neu
changes-by = Änderung
changes-none = bleibt
changes-count = { $n ->
    [0] nichts ändert sich
    [one] eine Änderung
   *[other] { $n } Änderungen
}
steps-label = Schritt { $n } von { $of }
steps-done = erledigt

chart-as-table = Dasselbe als Tabelle
chart-when = Wann
chart-events = Was geschah
chart-from = Von
chart-to = Bis
chart-kind = Art
chart-what = Was
chart-empty = In dieser Zeit ist nichts.
zoom = Zeitraum
zoom-hour = Stunde
zoom-day = Tag
zoom-week = Woche
zoom-month = Monat
zoom-quarter = 3 Monate
zoom-year = Jahr
zoom-ten-years = 10 Jahre

fluid-title = Was wo liegt, vom Reservoir bis zur Spitze
fluid-reservoir = Reservoir
fluid-tubing = Pumpenschlauch
fluid-catheter = Katheter
fluid-tip = Spitze
fluid-at-tip = an der Spitze
fluid-next = am Reservoir
fluid-between = dazwischen
fluid-what = Flüssigkeit
fluid-where = Wo
fluid-how-much = Volumen
fluid-doubted = fraglich
fluid-doubt = Was wo liegt, ist fraglich
fluid-doubt-means = Bis das geklärt ist, gilt für jede Dosis die stärkste Flüssigkeit in Reservoir oder Katheter.

schedule-total = Der Tag ergibt
schedule-steps = Stufen des Tages
schedule-from = Ab
schedule-rate = Rate
schedule-add = Stufe hinzufügen
schedule-take = Stufe entfernen
schedule-drag = Die Oberkante einer Stufe ziehen, um die Rate zu ändern. Die Felder darunter tun dasselbe.

body-pump = Wo die Pumpe liegt
body-tip = Spitze des Katheters
body-entry = Wo der Katheter eintritt
body-front = Vorn
body-back = Hinten
body-right = R
body-left = L
site-abdomen-right = Bauch, rechts
site-abdomen-left = Bauch, links
site-flank-right = Flanke, rechts
site-flank-left = Flanke, links

sheet-printed = Gedruckt am { $at }

prefs-language = Sprache
prefs-as-browser = Wie im Browser
prefs-theme = Hell oder dunkel
prefs-as-system = Wie im System
prefs-theme-light = Hell
prefs-theme-dark = Dunkel
prefs-text = Schriftgröße
prefs-usual = Üblich
prefs-text-large = Groß
prefs-text-largest = Sehr groß
prefs-contrast = Kontrast
prefs-contrast-strong = Stark
prefs-hand = Hand, die das Gerät hält
prefs-hand-right = Rechts
prefs-hand-left = Links
prefs-save = So behalten

date = { $day }. { $month } { $year }
day-month = { $day }. { $month }
month-1 = Jan.
month-2 = Feb.
month-3 = März
month-4 = Apr.
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = Aug.
month-9 = Sept.
month-10 = Okt.
month-11 = Nov.
month-12 = Dez.
weekday-0 = Montag
weekday-1 = Dienstag
weekday-2 = Mittwoch
weekday-3 = Donnerstag
weekday-4 = Freitag
weekday-5 = Samstag
weekday-6 = Sonntag
length-minutes = { $n } min
length-hours = { $n } h
length-days = { $n ->
    [one] 1 Tag
   *[other] { $n } Tage
}
age-now = gerade eben
age = vor { $length }

unit-microgram = { $number } { $count ->
   *[other] Mikrogramm
}
unit-milligram = { $number } { $count ->
   *[other] Milligramm
}
unit-microgram-per-millilitre = { $number } { $count ->
   *[other] Mikrogramm
} pro Milliliter
unit-milligram-per-millilitre = { $number } { $count ->
   *[other] Milligramm
} pro Milliliter
unit-microgram-per-day = { $number } { $count ->
   *[other] Mikrogramm
} pro Tag
unit-milligram-per-day = { $number } { $count ->
   *[other] Milligramm
} pro Tag
unit-microgram-per-hour = { $number } { $count ->
   *[other] Mikrogramm
} pro Stunde
unit-millilitre = { $number } { $count ->
   *[other] Milliliter
}
unit-millilitre-per-day = { $number } { $count ->
   *[other] Milliliter
} pro Tag
unit-microlitre-per-hour = { $number } { $count ->
   *[other] Mikroliter
} pro Stunde
unit-percent = { $number } { $count ->
   *[other] Prozent
}
unit-day = { $number } { $count ->
    [one] Tag
   *[other] Tage
}
unit-hour = { $number } { $count ->
    [one] Stunde
   *[other] Stunden
}
unit-minute = { $number } { $count ->
    [one] Minute
   *[other] Minuten
}
unit-centimetre = { $number } { $count ->
   *[other] Zentimeter
}
unit-celsius = { $number } { $count ->
   *[other] Grad Celsius
}
unit-volt = { $number } { $count ->
   *[other] Volt
}
unit-one = { $number }{ $count ->
   *[other] {""}
}
