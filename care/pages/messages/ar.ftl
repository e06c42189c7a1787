# التصميم المشترك.
not-a-medical-device = محاكاة. ليس جهازًا طبيًا؛ لا تستخدمه لعلاج أي شخص.
not-known-yet = لم يُعرف بعد ما إذا كانت الجرعة قد بدأت. لا تطلب مرة أخرى.
simulated-population = أشخاص في محاكاة، وليس هذا المريض. ليست موافقة.
may-be-old = قُرئ من المضخة { $age }. ربما تغيّر منذ ذلك الحين.
read-at = قُرئ من المضخة { $age }

face-clinic = العيادة
face-programmer = جهاز البرمجة
face-handset = جهاز المريض
skip = انتقل إلى المحتوى
places = الأقسام
waiting = في الانتظار

level-off = لا يعمل
level-good = كما ينبغي
level-notice = للعلم
level-unknown = غير معروف
level-caution = انظر قريبًا
level-danger = تصرّف الآن

origin-ordered = موصوف
origin-delivered = مُعطى
origin-measured = مقيس
origin-calculated = محسوب

form-problems = { $n ->
    [one] لا يمكن قبول إدخال واحد
    [two] لا يمكن قبول إدخالين
    [few] لا يمكن قبول { $n } إدخالات
   *[other] لا يمكن قبول { $n } إدخالًا
}
form-you-entered = أدخلت «{ $value }»:
form-limit = الحد: { $limit }.
form-optional = (يمكن تركه فارغًا)
form-choose = اختر
search = بحث
table-sort = رتّب حسب هذا
pages-label = صفحات القائمة
pages-before = السابق
pages-after = التالي
dialog-hint = مفتاح الخروج يغلق دون أن يفعل شيئًا.

changes-what = ماذا
changes-old = الآن
changes-new = الجديد
changes-by = التغيير
changes-none = يبقى
changes-count = { $n ->
    [0] لا شيء يتغير
    [one] تغيير واحد
    [two] تغييران
    [few] { $n } تغييرات
   *[other] { $n } تغييرًا
}
steps-label = الخطوة { $n } من { $of }
steps-done = تمّت

chart-as-table = نفس الشيء كجدول
chart-when = متى
chart-events = ما حدث
chart-from = من
chart-to = إلى
chart-kind = النوع
chart-what = ماذا
chart-empty = لا شيء في هذه المدة.
zoom = المدة
zoom-hour = ساعة
zoom-day = يوم
zoom-week = أسبوع
zoom-month = شهر
zoom-quarter = 3 أشهر
zoom-year = سنة
zoom-ten-years = 10 سنوات

fluid-title = ما الموجود وأين، من الخزان إلى طرف القسطرة
fluid-reservoir = الخزان
fluid-tubing = أنبوب المضخة
fluid-catheter = القسطرة
fluid-tip = الطرف
fluid-at-tip = عند الطرف
fluid-next = بجانب الخزان
fluid-between = بينهما
fluid-what = السائل
fluid-where = أين
fluid-how-much = الحجم
fluid-doubted = مشكوك فيه
fluid-doubt = ما الموجود وأين مشكوك فيه
fluid-doubt-means = حتى يتضح الأمر تُحسب كل جرعة بأقوى سائل في الخزان أو القسطرة.

schedule-total = مجموع اليوم
schedule-steps = مراحل اليوم
schedule-from = من
schedule-rate = المعدّل
schedule-add = أضف مرحلة
schedule-take = احذف المرحلة
schedule-drag = اسحب أعلى المرحلة لتغيير معدّلها. الحقول أدناه تفعل الشيء نفسه.

body-pump = مكان المضخة
body-tip = طرف القسطرة
body-entry = مدخل القسطرة
body-front = الأمام
body-back = الخلف
body-right = يمين
body-left = يسار
site-abdomen-right = البطن، يمين
site-abdomen-left = البطن، يسار
site-flank-right = الخاصرة، يمين
site-flank-left = الخاصرة، يسار

sheet-printed = طُبع في { $at }

prefs-language = اللغة
prefs-as-browser = كما في المتصفح
prefs-theme = فاتح أو داكن
prefs-as-system = كما في النظام
prefs-theme-light = فاتح
prefs-theme-dark = داكن
prefs-text = حجم النص
prefs-usual = المعتاد
prefs-text-large = كبير
prefs-text-largest = كبير جدًا
prefs-contrast = التباين
prefs-contrast-strong = قوي
prefs-hand = اليد التي تمسكه
prefs-hand-right = اليمنى
prefs-hand-left = اليسرى
prefs-save = احفظ هذا

date = { $day } { $month } { $year }
day-month = { $day } { $month }
month-1 = يناير
month-2 = فبراير
month-3 = مارس
month-4 = أبريل
month-5 = مايو
month-6 = يونيو
month-7 = يوليو
month-8 = أغسطس
month-9 = سبتمبر
month-10 = أكتوبر
month-11 = نوفمبر
month-12 = ديسمبر
weekday-0 = الاثنين
weekday-1 = الثلاثاء
weekday-2 = الأربعاء
weekday-3 = الخميس
weekday-4 = الجمعة
weekday-5 = السبت
weekday-6 = الأحد
length-minutes = { $n } د
length-hours = { $n } س
length-days = { $n ->
    [one] يوم واحد
    [two] يومان
    [few] { $n } أيام
   *[other] { $n } يومًا
}
age-now = الآن
age = قبل { $length }

unit-microgram = { $number } { $count ->
   *[other] ميكروغرام
}
unit-milligram = { $number } { $count ->
   *[other] مليغرام
}
unit-microgram-per-millilitre = { $number } { $count ->
   *[other] ميكروغرام
} لكل مليلتر
unit-milligram-per-millilitre = { $number } { $count ->
   *[other] مليغرام
} لكل مليلتر
unit-microgram-per-day = { $number } { $count ->
   *[other] ميكروغرام
} في اليوم
unit-milligram-per-day = { $number } { $count ->
   *[other] مليغرام
} في اليوم
unit-microgram-per-hour = { $number } { $count ->
   *[other] ميكروغرام
} في الساعة
unit-millilitre = { $number } { $count ->
   *[other] مليلتر
}
unit-millilitre-per-day = { $number } { $count ->
   *[other] مليلتر
} في اليوم
unit-microlitre-per-hour = { $number } { $count ->
   *[other] ميكرولتر
} في الساعة
unit-percent = { $number } { $count ->
   *[other] بالمئة
}
unit-day = { $number } { $count ->
   *[other] يوم
}
unit-hour = { $number } { $count ->
   *[other] ساعة
}
unit-minute = { $number } { $count ->
   *[other] دقيقة
}
unit-centimetre = { $number } { $count ->
   *[other] سنتيمتر
}
unit-celsius = { $number } { $count ->
   *[other] درجة مئوية
}
unit-volt = { $number } { $count ->
   *[other] فولت
}
unit-one = { $number }{ $count ->
   *[other] {""}
}
