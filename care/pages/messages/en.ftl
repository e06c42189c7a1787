# The shared design.
not-a-medical-device = Simulation. Not a medical device; do not use it to treat anyone.
not-known-yet = It is not known yet whether the dose started. Do not ask again.
simulated-population = Simulated population, not this patient. Not an approval.
may-be-old = Read from the pump { $age }. It may have changed since.
read-at = Read from the pump { $age }

face-clinic = Clinic
face-programmer = Programmer
face-handset = Handset
skip = Skip to the content
places = Places
waiting = waiting

level-off = Not running
level-good = As it should be
level-notice = To know
level-unknown = Not known
level-caution = Look soon
level-danger = Act now

origin-ordered = ordered
origin-delivered = delivered
origin-measured = measured
origin-calculated = calculated

form-problems = { $n ->
    [one] One entry cannot be taken
   *[other] { $n } entries cannot be taken
}
form-you-entered = You entered “{ $value }”:
form-limit = Limit: { $limit }.
form-optional = (may stay blank)
form-choose = Choose
search = Search
table-sort = Sort by this
pages-label = Pages of the list
pages-before = Before
pages-after = Next
dialog-hint = Escape closes without doing anything.

changes-what = What
changes-old = Now
changes-new = New
changes-by = Change
changes-none = stays
changes-count = { $n ->
    [0] nothing changes
    [one] one change
   *[other] { $n } changes
}
steps-label = Step { $n } of { $of }
steps-done = done

chart-as-table = The same as a table
chart-when = When
chart-events = What happened
chart-from = From
chart-to = To
chart-kind = Kind
chart-what = What
chart-empty = There is nothing in this time.
zoom = Stretch of time
zoom-hour = Hour
zoom-day = Day
zoom-week = Week
zoom-month = Month
zoom-quarter = 3 months
zoom-year = Year
zoom-ten-years = 10 years

fluid-title = What lies where, from reservoir to tip
fluid-reservoir = Reservoir
fluid-tubing = Pump tubing
fluid-catheter = Catheter
fluid-tip = Tip
fluid-at-tip = at the tip
fluid-next = next to the reservoir
fluid-between = in between
fluid-what = Fluid
fluid-where = Where
fluid-how-much = Volume
fluid-doubted = in doubt
fluid-doubt = What lies where is in doubt
fluid-doubt-means = Doses are judged by the strongest fluid in reservoir or path until a clinician has cleared it up.

schedule-total = The day comes to
schedule-steps = Steps of the day
schedule-from = From
schedule-rate = Rate
schedule-add = Add a step
schedule-take = Take away the step
schedule-drag = Drag the top of a step to change its rate. The fields below do the same.

body-pump = Where the pump lies
body-tip = Tip of the catheter
body-entry = Where the catheter enters
body-front = Front
body-back = Back
body-right = R
body-left = L
site-abdomen-right = Abdomen, right
site-abdomen-left = Abdomen, left
site-flank-right = Flank, right
site-flank-left = Flank, left

sheet-printed = Printed { $at }

prefs-language = Language
prefs-as-browser = As the browser says
prefs-theme = Light or dark
prefs-as-system = As the system says
prefs-theme-light = Light
prefs-theme-dark = Dark
prefs-text = Size of the text
prefs-usual = Usual
prefs-text-large = Large
prefs-text-largest = Very large
prefs-contrast = Contrast
prefs-contrast-strong = Strong
prefs-hand = Hand that holds it
prefs-hand-right = Right
prefs-hand-left = Left
prefs-save = Keep this

date = { $day } { $month } { $year }
day-month = { $day } { $month }
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
weekday-0 = Monday
weekday-1 = Tuesday
weekday-2 = Wednesday
weekday-3 = Thursday
weekday-4 = Friday
weekday-5 = Saturday
weekday-6 = Sunday
length-minutes = { $n } min
length-hours = { $n } h
length-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
age-now = just now
age = { $length } ago

unit-microgram = { $number } { $count ->
    [one] microgram
   *[other] micrograms
}
unit-milligram = { $number } { $count ->
    [one] milligram
   *[other] milligrams
}
unit-microgram-per-millilitre = { $number } { $count ->
    [one] microgram
   *[other] micrograms
} per millilitre
unit-milligram-per-millilitre = { $number } { $count ->
    [one] milligram
   *[other] milligrams
} per millilitre
unit-microgram-per-day = { $number } { $count ->
    [one] microgram
   *[other] micrograms
} per day
unit-milligram-per-day = { $number } { $count ->
    [one] milligram
   *[other] milligrams
} per day
unit-microgram-per-hour = { $number } { $count ->
    [one] microgram
   *[other] micrograms
} per hour
unit-millilitre = { $number } { $count ->
    [one] millilitre
   *[other] millilitres
}
unit-millilitre-per-day = { $number } { $count ->
    [one] millilitre
   *[other] millilitres
} per day
unit-microlitre-per-hour = { $number } { $count ->
    [one] microlitre
   *[other] microlitres
} per hour
unit-percent = { $number } { $count ->
   *[other] percent
}
unit-day = { $number } { $count ->
    [one] day
   *[other] days
}
unit-hour = { $number } { $count ->
    [one] hour
   *[other] hours
}
unit-minute = { $number } { $count ->
    [one] minute
   *[other] minutes
}
unit-centimetre = { $number } { $count ->
    [one] centimetre
   *[other] centimetres
}
unit-celsius = { $number } { $count ->
    [one] degree Celsius
   *[other] degrees Celsius
}
unit-volt = { $number } { $count ->
    [one] volt
   *[other] volts
}
unit-one = { $number }{ $count ->
   *[other] {""}
}
