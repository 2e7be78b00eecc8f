//! Dates as pages show them: with month names, as numbers whose order has to be known, and as the
//! time that has gone by: `2 days ago`, `vor 3 Tagen`.

use chrono::Months;
use chrono::TimeDelta;
use chrono::TimeZone as _;
use chrono_tz::Tz;

use crate::domain::Timestamp;
use crate::sources::file::DateOrder;
use crate::sources::times;
use crate::sources::times::Slashed;
use crate::sources::times::Zone;

/// What a text says of a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Said {
    /// This moment.
    At(Timestamp),
    /// So long before the page was fetched, good to a day or an hour.
    About(Timestamp),
    /// Day and month cannot be told apart without knowing their order.
    Open(Slashed),
    /// Nothing that is understood.
    Nothing,
}

/// How dates of a page are to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// When the page was fetched.
    pub now: Timestamp,
    /// Zone of times without one, and of what "yesterday" means.
    pub zone: Tz,
    /// What the configuration says of numeric dates.
    pub order: Option<DateOrder>,
}

impl Manner {
    /// Reads a text.
    pub(super) fn read(&self, text: &str) -> Said {
        let text = text.trim();
        if text.is_empty() || text.len() > 200 {
            return Said::Nothing;
        }
        let zone = Zone::Place(self.zone);
        let believable = |moment: Timestamp| if times::believable(moment) { Said::At(moment) } else { Said::Nothing };
        if let Some(written) = times::certain(text) {
            return believable(written.moment(zone));
        }
        if let Some(slashed) = numbers(text) {
            let decided = match self.order {
                Some(DateOrder::DayMonthYear) => slashed.day_first(),
                Some(DateOrder::MonthDayYear) => slashed.month_first(),
                Some(DateOrder::YearMonthDay) => slashed.year_first(),
                None if slashed.first > 12 || slashed.first == slashed.second => slashed.day_first(),
                None if slashed.second > 12 => slashed.month_first(),
                None => return Said::Open(slashed),
            };
            return decided.map_or(Said::Nothing, |written| believable(written.moment(zone)));
        }
        // `Reviewed on 2026-03-14`: a date among words.
        if let Some(written) = text.split_whitespace().find_map(|word| times::certain(word.trim_matches(['.', ':', ';', ',', '(', ')'])))
            && !text.starts_with(|letter: char| letter.is_ascii_digit())
        {
            return believable(written.moment(zone));
        }
        self.ago(text).map_or(Said::Nothing, Said::About)
    }

    /// How long ago, in words.
    fn ago(&self, text: &str) -> Option<Timestamp> {
        let lower = text.to_lowercase();
        if has_word(&lower, NOW) {
            return Some(self.now);
        }
        if has_word(&lower, TODAY) {
            return Some(self.days_ago(0));
        }
        if has_word(&lower, BEFORE_YESTERDAY) {
            return Some(self.days_ago(2));
        }
        if has_word(&lower, YESTERDAY) {
            return Some(self.days_ago(1));
        }
        let (count, unit) = amount(&lower)?;
        self.back(count, unit)
    }

    fn back(&self, count: u32, unit: Unit) -> Option<Timestamp> {
        let count = i64::from(count);
        Some(match unit {
            Unit::Second => self.now - TimeDelta::try_seconds(count)?,
            Unit::Minute => self.now - TimeDelta::try_minutes(count)?,
            Unit::Hour => self.now - TimeDelta::try_hours(count)?,
            Unit::Day => self.days_ago(count),
            Unit::Week => self.days_ago(count * 7),
            Unit::Month => self.midnight(self.now.with_timezone(&self.zone).date_naive().checked_sub_months(Months::new(count as u32))?),
            Unit::Year => {
                self.midnight(self.now.with_timezone(&self.zone).date_naive().checked_sub_months(Months::new(count as u32 * 12))?)
            }
        })
    }

    fn days_ago(&self, days: i64) -> Timestamp {
        let today = self.now.with_timezone(&self.zone).date_naive();
        self.midnight(today - TimeDelta::days(days))
    }

    fn midnight(&self, day: chrono::NaiveDate) -> Timestamp {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        // Where clocks change at midnight, the day begins an hour later.
        self.zone.from_local_datetime(&midnight).earliest().map_or_else(|| midnight.and_utc(), |moment| moment.to_utc())
    }
}

/// The date of three numbers that a text is or holds.
pub(super) fn numbers(text: &str) -> Option<Slashed> {
    let text = text.trim();
    if text.len() > 200 {
        return None;
    }
    let word = |word: &str| times::slashed(word.trim_matches(['.', ':', ';']));
    times::slashed(text).or_else(|| text.split([' ', '\u{a0}', ',', '(', ')']).find_map(word))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const NOW: &[&str] = &[
    "just now",
    "right now",
    "moments ago",
    "gerade eben",
    "just nu",
    "akkurat nå",
    "lige nu",
    "zojuist",
    "à l'instant",
    "ahora mismo",
    "justo ahora",
    "proprio ora",
    "agora mesmo",
    "juuri nyt",
    "przed chwilą",
    "только что",
    "az önce",
    "たった今",
    "방금",
    "刚刚",
];
const TODAY: &[&str] = &[
    "today",
    "heute",
    "idag",
    "i dag",
    "vandaag",
    "aujourd'hui",
    "aujourd’hui",
    "hoy",
    "oggi",
    "hoje",
    "tänään",
    "dzisiaj",
    "dziś",
    "сегодня",
    "bugün",
    "今日",
    "오늘",
    "今天",
];
const YESTERDAY: &[&str] = &[
    "yesterday",
    "gestern",
    "igår",
    "i går",
    "gisteren",
    "hier",
    "ayer",
    "ieri",
    "ontem",
    "eilen",
    "wczoraj",
    "вчера",
    "dün",
    "昨日",
    "어제",
    "昨天",
];
const BEFORE_YESTERDAY: &[&str] = &[
    "day before yesterday",
    "vorgestern",
    "i förrgår",
    "eergisteren",
    "avant-hier",
    "anteayer",
    "l'altro ieri",
    "anteontem",
    "toissapäivänä",
    "przedwczoraj",
    "позавчера",
    "一昨日",
    "그저께",
    "前天",
];

/// Words of which one says that a span of time has gone by.
const MARKS: &[&str] = &[
    "ago",
    "vor",
    "sedan",
    "siden",
    "geleden",
    "il y a",
    "hace",
    "fa",
    "há",
    "atrás",
    "sitten",
    "temu",
    "назад",
    "önce",
    "前",
    "전",
    "for",
];

/// Units by the beginnings of their names; longer ones first where one begins like another.
const UNITS: &[(Unit, &[&str])] = &[
    (
        Unit::Month,
        &[
            "month",
            "monat",
            "månad",
            "måned",
            "maand",
            "mois",
            "mes",
            "mês",
            "mese",
            "mesi",
            "kuukau",
            "miesi",
            "месяц",
            "ay",
            "か月",
            "ヶ月",
            "カ月",
            "个月",
            "個月",
            "개월",
        ],
    ),
    (Unit::Minute, &["min", "minut", "dakika", "минут", "分钟", "分鐘", "分", "분"]),
    (Unit::Second, &["sec", "sek", "seg", "saniye", "секунд", "秒", "초"]),
    (
        Unit::Hour,
        &[
            "hour", "hr", "stunde", "std", "timm", "time", "uur", "uren", "heure", "hora", "ora", "ore", "tunti", "tuntia", "godzin",
            "час", "saat", "小时", "小時", "時間", "시간",
        ],
    ),
    (
        Unit::Day,
        &[
            "day", "tag", "dag", "døgn", "jour", "día", "dia", "giorn", "päiv", "dni", "dzień", "dzien", "день", "дня", "дней", "gün",
            "日", "天", "일",
        ],
    ),
    (
        Unit::Week,
        &[
            "week",
            "woche",
            "veck",
            "uke",
            "uge",
            "weken",
            "semaine",
            "semana",
            "settiman",
            "viikko",
            "viikk",
            "tydzień",
            "tydzien",
            "tygodn",
            "недел",
            "hafta",
            "週間",
            "周",
            "週",
            "주",
        ],
    ),
    (
        Unit::Year,
        &[
            "year", "yr", "jahr", "år", "jaar", "jaren", "an", "año", "ano", "anni", "anno", "vuosi", "vuotta", "rok", "lata", "lat",
            "год", "года", "лет", "yıl", "年", "년",
        ],
    ),
];

/// One as a word.
const ONE: &[&str] = &[
    "a", "an", "one", "ein", "eine", "einem", "einer", "einen", "en", "ett", "et", "één", "een", "un", "une", "una", "uno", "um", "uma",
    "yksi", "jeden", "один", "одну", "bir",
];

/// `2 days ago`, `vor einem Monat`, `3日前`, `5d`.
fn amount(lower: &str) -> Option<(u32, Unit)> {
    let marked =
        MARKS.iter().any(|mark| if mark.is_ascii() || mark.chars().count() > 1 { has_word(lower, &[mark]) } else { lower.contains(mark) });
    // Digits stand apart from what follows them, so that `3日前` and `5d` fall into words.
    let mut apart = String::with_capacity(lower.len() + 8);
    let mut before = ' ';
    for letter in lower.chars() {
        if letter.is_ascii_digit() != before.is_ascii_digit() {
            apart.push(' ');
        }
        apart.push(letter);
        before = letter;
    }
    let words: Vec<&str> = apart
        .split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | '.' | '(' | ')'))
        .filter(|word| !word.is_empty())
        .collect();
    let digits = words.iter().position(|word| word.bytes().all(|byte| byte.is_ascii_digit()) && word.len() <= 4);
    let (at, count) = match digits {
        Some(at) => (at, words[at].parse().ok()?),
        // The article nearest before a unit: `il y a un mois`.
        None => (words.windows(2).position(|pair| ONE.contains(&pair[0]) && unit_of(pair[1]).is_some())?, 1),
    };
    let next = words.get(at + 1)?;
    if let Some(unit) = unit_of(next).filter(|_| marked) {
        return Some((count, unit));
    }
    // Short forms stand alone or with `ago`.
    let short = match *next {
        "s" => Unit::Second,
        "m" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        "mo" => Unit::Month,
        "y" => Unit::Year,
        _ => return None,
    };
    (digits == Some(0) && (marked || words.len() == 2)).then_some((count, short))
}

fn unit_of(word: &str) -> Option<Unit> {
    let short = ["an", "ans", "år", "ay", "mes", "ora", "ore", "lat", "rok"];
    UNITS.iter().find_map(|(unit, names)| {
        let named = |name: &&str| {
            if short.contains(name) {
                word == *name || word == format!("{name}s") || word == "meses" && *name == "mes"
            } else {
                word.starts_with(*name)
            }
        };
        names.iter().any(named).then_some(*unit)
    })
}

/// Whether one of the words stands in the text by itself. Scripts without blanks have none around them.
fn has_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let spaced = word.chars().all(|letter| letter < '\u{2e80}');
        text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
            let after = text[at + word.len()..].chars().next().is_some_and(char::is_alphanumeric);
            !spaced || (!before && !after)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner(order: Option<DateOrder>) -> Manner {
        Manner { now: "2026-05-31T15:30:00Z".parse().unwrap(), zone: Tz::UTC, order }
    }

    fn shown(text: &str) -> String {
        match manner(None).read(text) {
            Said::At(at) => at.format("%F %H:%M").to_string(),
            Said::About(at) => format!("about {}", at.format("%F %H:%M")),
            Said::Open(_) => "open".to_owned(),
            Said::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn the_time_that_has_gone_by_is_read_in_many_languages() {
        for (text, expected) in [
            ("just now", "about 2026-05-31 15:30"),
            ("5 minutes ago", "about 2026-05-31 15:25"),
            ("an hour ago", "about 2026-05-31 14:30"),
            ("Yesterday", "about 2026-05-30 00:00"),
            ("2 days ago", "about 2026-05-29 00:00"),
            ("Reviewed 2 weeks ago", "about 2026-05-17 00:00"),
            ("3 months ago", "about 2026-02-28 00:00"),
            ("a year ago", "about 2025-05-31 00:00"),
            ("3d", "about 2026-05-28 00:00"),
            ("4h ago", "about 2026-05-31 11:30"),
            ("heute", "about 2026-05-31 00:00"),
            ("vor 3 Tagen", "about 2026-05-28 00:00"),
            ("vor einem Monat", "about 2026-04-30 00:00"),
            ("vor 2 Stunden", "about 2026-05-31 13:30"),
            ("vor einem Jahr", "about 2025-05-31 00:00"),
            ("för 2 dagar sedan", "about 2026-05-29 00:00"),
            ("för en vecka sedan", "about 2026-05-24 00:00"),
            ("för 3 månader sedan", "about 2026-02-28 00:00"),
            ("igår", "about 2026-05-30 00:00"),
            ("for 2 timer siden", "about 2026-05-31 13:30"),
            ("for 4 dage siden", "about 2026-05-27 00:00"),
            ("2 uker siden", "about 2026-05-17 00:00"),
            ("3 dagen geleden", "about 2026-05-28 00:00"),
            ("een week geleden", "about 2026-05-24 00:00"),
            ("il y a 3 jours", "about 2026-05-28 00:00"),
            ("il y a un mois", "about 2026-04-30 00:00"),
            ("il y a 2 ans", "about 2024-05-31 00:00"),
            ("hier", "about 2026-05-30 00:00"),
            ("hace 2 días", "about 2026-05-29 00:00"),
            ("hace un mes", "about 2026-04-30 00:00"),
            ("hace 3 meses", "about 2026-02-28 00:00"),
            ("2 giorni fa", "about 2026-05-29 00:00"),
            ("un'ora fa", "nothing"),
            ("há 2 dias", "about 2026-05-29 00:00"),
            ("2 päivää sitten", "about 2026-05-29 00:00"),
            ("3 dni temu", "about 2026-05-28 00:00"),
            ("2 дня назад", "about 2026-05-29 00:00"),
            ("3 gün önce", "about 2026-05-28 00:00"),
            ("3日前", "about 2026-05-28 00:00"),
            ("2 時間前", "about 2026-05-31 13:30"),
            ("1个月前", "about 2026-04-30 00:00"),
            ("3일 전", "about 2026-05-28 00:00"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn absolute_dates_may_stand_among_words() {
        for (text, expected) in [
            ("14 March 2026", "2026-03-14 00:00"),
            ("2026-03-14T10:00:00+02:00", "2026-03-14 08:00"),
            ("Reviewed on 14 March 2026", "2026-03-14 00:00"),
            ("Posted: 2026-03-14", "2026-03-14 00:00"),
            ("14.03.2026", "2026-03-14 00:00"),
            ("25/03/2026", "2026-03-25 00:00"),
            ("Visited 03/25/2026", "2026-03-25 00:00"),
            ("04/03/2026", "open"),
            ("09/09/2026", "2026-09-09 00:00"),
            ("long ago", "nothing"),
            ("2 stars", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(manner(Some(DateOrder::MonthDayYear)).read("04/03/2026"), Said::At("2026-04-03T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn yesterday_is_a_day_of_the_sources_zone() {
        let manner = Manner { now: "2026-05-31T23:30:00Z".parse().unwrap(), zone: Tz::Europe__Stockholm, order: None };
        assert_eq!(manner.read("yesterday"), Said::About("2026-05-30T22:00:00Z".parse().unwrap()));
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_something(text in "[0-9 a-zäé前日/.:-]{0,40}") {
            let _ = manner(None).read(&text);
        }
    }
}
