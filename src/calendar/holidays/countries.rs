//! The days off of each country that is known, since 2020 and as far as they are decided.
//!
//! Days that always fall on a Sunday are left out: a Sunday is one already.

use chrono::Weekday::Fri;
use chrono::Weekday::Mon;
use chrono::Weekday::Sat;
use chrono::Weekday::Thu;

use crate::calendar::holidays::rules::Off;
use crate::calendar::holidays::rules::Rule::Bank;
use crate::calendar::holidays::rules::Rule::Easter;
use crate::calendar::holidays::rules::Rule::Fixed;
use crate::calendar::holidays::rules::Rule::From;
use crate::calendar::holidays::rules::Rule::Listed;
use crate::calendar::holidays::rules::Rule::Near;
use crate::calendar::holidays::rules::Rule::NotSunday;
use crate::calendar::holidays::rules::Rule::Orthodox;
use crate::calendar::holidays::rules::during;
use crate::calendar::holidays::rules::off;
use crate::calendar::holidays::rules::since;
use crate::calendar::holidays::rules::until;

/// A country.
#[derive(Debug)]
pub(super) struct Nation {
    /// Code of ISO 3166.
    pub(super) code: &'static str,
    /// In English.
    pub(super) name: &'static str,
    /// Its days off.
    pub(super) days: &'static [Off],
}

const NEW_YEAR: Off = off("New Year's Day", Fixed(1, 1));
const EPIPHANY: Off = off("Epiphany", Fixed(1, 6));
const MAUNDY_THURSDAY: Off = off("Maundy Thursday", Easter(-3));
const GOOD_FRIDAY: Off = off("Good Friday", Easter(-2));
const EASTER_MONDAY: Off = off("Easter Monday", Easter(1));
const MAY_DAY: Off = off("May Day", Fixed(5, 1));
const ASCENSION: Off = off("Ascension Day", Easter(39));
const WHIT_MONDAY: Off = off("Whit Monday", Easter(50));
const CORPUS_CHRISTI: Off = off("Corpus Christi", Easter(60));
const ASSUMPTION: Off = off("Assumption Day", Fixed(8, 15));
const ALL_SAINTS: Off = off("All Saints' Day", Fixed(11, 1));
const IMMACULATE: Off = off("Immaculate Conception", Fixed(12, 8));
const CHRISTMAS_EVE: Off = off("Christmas Eve", Fixed(12, 24));
const CHRISTMAS: Off = off("Christmas Day", Fixed(12, 25));
const SECOND_CHRISTMAS: Off = off("Second Day of Christmas", Fixed(12, 26));
const NEW_YEARS_EVE: Off = off("New Year's Eve", Fixed(12, 31));
const BANK_NEW_YEAR: Off = off("New Year's Day", Bank(1, 1));
const BANK_CHRISTMAS: Off = off("Christmas Day", Bank(12, 25));
const BANK_BOXING: Off = off("Boxing Day", Bank(12, 26));

/// First days of the feasts of Ramadan and of Sacrifice in Türkiye, where they are reckoned long
/// ahead. After 2035 both are ordinary days here.
#[rustfmt::skip]
const RAMADAN_FEAST: &[(i32, u32, u32)] = &[
    (2020, 5, 24), (2021, 5, 13), (2022, 5, 2), (2023, 4, 21), (2024, 4, 10), (2025, 3, 30), (2026, 3, 20), (2027, 3, 9), (2028, 2, 26),
    (2029, 2, 14), (2030, 2, 4), (2031, 1, 24), (2032, 1, 14), (2033, 1, 2), (2033, 12, 23), (2034, 12, 12), (2035, 12, 1),
];
#[rustfmt::skip]
const SACRIFICE_FEAST: &[(i32, u32, u32)] = &[
    (2020, 7, 31), (2021, 7, 20), (2022, 7, 9), (2023, 6, 28), (2024, 6, 16), (2025, 6, 6), (2026, 5, 27), (2027, 5, 16), (2028, 5, 5),
    (2029, 4, 24), (2030, 4, 13), (2031, 4, 2), (2032, 3, 22), (2033, 3, 11), (2034, 3, 1), (2035, 2, 18),
];

/// The rising of the Pleiades as New Zealand's law of 2022 lists it.
#[rustfmt::skip]
const MATARIKI: &[(i32, u32, u32)] = &[
    (2022, 6, 24), (2023, 7, 14), (2024, 6, 28), (2025, 6, 20), (2026, 7, 10), (2027, 6, 25), (2028, 7, 14), (2029, 7, 6), (2030, 6, 21),
    (2031, 7, 11), (2032, 7, 2), (2033, 6, 24), (2034, 7, 7), (2035, 6, 29),
];

/// Every country, in the order of the codes. A row holds many days: one a line would be a scroll.
#[rustfmt::skip]
pub(super) const NATIONS: &[Nation] = &[
    Nation {
        code: "AT",
        name: "Austria",
        days: &[
            NEW_YEAR, EPIPHANY, EASTER_MONDAY, MAY_DAY, ASCENSION, WHIT_MONDAY, CORPUS_CHRISTI, ASSUMPTION,
            off("National Day", Fixed(10, 26)), ALL_SAINTS, IMMACULATE, CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "AU",
        name: "Australia",
        days: &[
            BANK_NEW_YEAR, off("Australia Day", Bank(1, 26)), GOOD_FRIDAY, off("Easter Saturday", Easter(-1)), EASTER_MONDAY,
            off("Anzac Day", Fixed(4, 25)), off("King's Birthday", From(Mon, 6, 8)), BANK_CHRISTMAS, BANK_BOXING,
        ],
    },
    Nation {
        code: "BE",
        name: "Belgium",
        days: &[
            NEW_YEAR, EASTER_MONDAY, MAY_DAY, ASCENSION, WHIT_MONDAY, off("National Day", Fixed(7, 21)), ASSUMPTION, ALL_SAINTS,
            off("Armistice Day", Fixed(11, 11)), CHRISTMAS,
        ],
    },
    Nation {
        code: "CA",
        name: "Canada",
        days: &[
            BANK_NEW_YEAR, off("Family Day", From(Mon, 2, 15)), GOOD_FRIDAY, off("Victoria Day", From(Mon, 5, 18)),
            off("Canada Day", Bank(7, 1)), off("Labour Day", From(Mon, 9, 1)), off("Thanksgiving", From(Mon, 10, 8)), BANK_CHRISTMAS,
            BANK_BOXING,
        ],
    },
    Nation {
        code: "CH",
        name: "Switzerland",
        days: &[
            NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, ASCENSION, WHIT_MONDAY, off("National Day", Fixed(8, 1)), CHRISTMAS,
            off("Saint Stephen's Day", Fixed(12, 26)),
        ],
    },
    Nation {
        code: "CZ",
        name: "Czechia",
        days: &[
            NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, MAY_DAY, off("Victory Day", Fixed(5, 8)),
            off("Saints Cyril and Methodius Day", Fixed(7, 5)), off("Jan Hus Day", Fixed(7, 6)), off("Statehood Day", Fixed(9, 28)),
            off("Independence Day", Fixed(10, 28)), off("Freedom and Democracy Day", Fixed(11, 17)), CHRISTMAS_EVE, CHRISTMAS,
            SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "DE",
        name: "Germany",
        days: &[
            NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, MAY_DAY, ASCENSION, WHIT_MONDAY, off("German Unity Day", Fixed(10, 3)), CHRISTMAS,
            SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "DK",
        name: "Denmark",
        days: &[
            NEW_YEAR, MAUNDY_THURSDAY, GOOD_FRIDAY, EASTER_MONDAY, until(2023, "Great Prayer Day", Easter(26)), ASCENSION, WHIT_MONDAY,
            off("Constitution Day", Fixed(6, 5)), CHRISTMAS_EVE, CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "ES",
        name: "Spain",
        days: &[
            NEW_YEAR, EPIPHANY, GOOD_FRIDAY, MAY_DAY, ASSUMPTION, off("National Day", Fixed(10, 12)), ALL_SAINTS,
            off("Constitution Day", Fixed(12, 6)), IMMACULATE, CHRISTMAS,
        ],
    },
    Nation {
        code: "FI",
        name: "Finland",
        days: &[
            NEW_YEAR, EPIPHANY, GOOD_FRIDAY, EASTER_MONDAY, MAY_DAY, ASCENSION, off("Midsummer Eve", From(Fri, 6, 19)),
            off("Midsummer Day", From(Sat, 6, 20)), off("All Saints' Day", From(Sat, 10, 31)), off("Independence Day", Fixed(12, 6)),
            CHRISTMAS_EVE, CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "FR",
        name: "France",
        days: &[
            NEW_YEAR, EASTER_MONDAY, MAY_DAY, off("Victory Day", Fixed(5, 8)), ASCENSION, WHIT_MONDAY, off("National Day", Fixed(7, 14)),
            ASSUMPTION, ALL_SAINTS, off("Armistice Day", Fixed(11, 11)), CHRISTMAS,
        ],
    },
    Nation {
        code: "GB",
        name: "the United Kingdom",
        days: &[
            BANK_NEW_YEAR, GOOD_FRIDAY, EASTER_MONDAY, during(2020, 2020, "Early May Bank Holiday", Fixed(5, 8)),
            since(2021, "Early May Bank Holiday", From(Mon, 5, 1)), during(2022, 2022, "Spring Bank Holiday", Fixed(6, 2)),
            during(2022, 2022, "Platinum Jubilee", Fixed(6, 3)), until(2021, "Spring Bank Holiday", From(Mon, 5, 25)),
            since(2023, "Spring Bank Holiday", From(Mon, 5, 25)), during(2022, 2022, "State Funeral", Fixed(9, 19)),
            during(2023, 2023, "Coronation", Fixed(5, 8)), off("Summer Bank Holiday", From(Mon, 8, 25)), BANK_CHRISTMAS, BANK_BOXING,
        ],
    },
    Nation {
        code: "GR",
        name: "Greece",
        days: &[
            NEW_YEAR, EPIPHANY, off("Clean Monday", Orthodox(-48)), off("Independence Day", Fixed(3, 25)),
            off("Good Friday", Orthodox(-2)), off("Easter Monday", Orthodox(1)), MAY_DAY, off("Whit Monday", Orthodox(50)), ASSUMPTION,
            off("Ohi Day", Fixed(10, 28)), CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "HU",
        name: "Hungary",
        days: &[
            NEW_YEAR, off("Revolution Day", Fixed(3, 15)), GOOD_FRIDAY, EASTER_MONDAY, MAY_DAY, WHIT_MONDAY,
            off("State Foundation Day", Fixed(8, 20)), off("Republic Day", Fixed(10, 23)), ALL_SAINTS, CHRISTMAS_EVE, CHRISTMAS,
            SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "IE",
        name: "Ireland",
        days: &[
            BANK_NEW_YEAR, during(2023, 2029, "Saint Brigid's Day", From(Mon, 2, 1)),
            // The first Monday of February, but the first itself where that is a Friday.
            during(2030, 2030, "Saint Brigid's Day", Fixed(2, 1)), since(2031, "Saint Brigid's Day", From(Mon, 2, 1)),
            off("Saint Patrick's Day", Bank(3, 17)), during(2022, 2022, "Day of Remembrance", Fixed(3, 18)), EASTER_MONDAY,
            off("May Bank Holiday", From(Mon, 5, 1)), off("June Bank Holiday", From(Mon, 6, 1)),
            off("August Bank Holiday", From(Mon, 8, 1)), off("October Bank Holiday", From(Mon, 10, 25)), BANK_CHRISTMAS,
            off("Saint Stephen's Day", Bank(12, 26)),
        ],
    },
    Nation {
        code: "IS",
        name: "Iceland",
        days: &[
            NEW_YEAR, MAUNDY_THURSDAY, GOOD_FRIDAY, EASTER_MONDAY, off("First Day of Summer", From(Thu, 4, 19)), MAY_DAY, ASCENSION,
            WHIT_MONDAY, off("National Day", Fixed(6, 17)), off("Commerce Day", From(Mon, 8, 1)), CHRISTMAS_EVE, CHRISTMAS,
            SECOND_CHRISTMAS, NEW_YEARS_EVE,
        ],
    },
    Nation {
        code: "IT",
        name: "Italy",
        days: &[
            NEW_YEAR, EPIPHANY, EASTER_MONDAY, off("Liberation Day", Fixed(4, 25)), MAY_DAY, off("Republic Day", Fixed(6, 2)), ASSUMPTION,
            since(2026, "Saint Francis' Day", Fixed(10, 4)), ALL_SAINTS, IMMACULATE, CHRISTMAS, off("Saint Stephen's Day", Fixed(12, 26)),
        ],
    },
    Nation {
        code: "LU",
        name: "Luxembourg",
        days: &[
            NEW_YEAR, EASTER_MONDAY, MAY_DAY, off("Europe Day", Fixed(5, 9)), ASCENSION, WHIT_MONDAY, off("National Day", Fixed(6, 23)),
            ASSUMPTION, ALL_SAINTS, CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "NL",
        name: "the Netherlands",
        days: &[NEW_YEAR, EASTER_MONDAY, off("King's Day", NotSunday(4, 27)), ASCENSION, WHIT_MONDAY, CHRISTMAS, SECOND_CHRISTMAS],
    },
    Nation {
        code: "NO",
        name: "Norway",
        days: &[
            NEW_YEAR, MAUNDY_THURSDAY, GOOD_FRIDAY, EASTER_MONDAY, MAY_DAY, ASCENSION, off("Constitution Day", Fixed(5, 17)), WHIT_MONDAY,
            CHRISTMAS_EVE, CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "NZ",
        name: "New Zealand",
        days: &[
            BANK_NEW_YEAR, off("Day after New Year's Day", Bank(1, 2)), off("Waitangi Day", Bank(2, 6)), GOOD_FRIDAY, EASTER_MONDAY,
            off("Anzac Day", Bank(4, 25)), off("King's Birthday", From(Mon, 6, 1)), off("Matariki", Listed(MATARIKI, 1)),
            off("Labour Day", From(Mon, 10, 22)), BANK_CHRISTMAS, BANK_BOXING,
        ],
    },
    Nation {
        code: "PL",
        name: "Poland",
        days: &[
            NEW_YEAR, EPIPHANY, EASTER_MONDAY, MAY_DAY, off("Constitution Day", Fixed(5, 3)), CORPUS_CHRISTI, ASSUMPTION, ALL_SAINTS,
            off("Independence Day", Fixed(11, 11)), since(2025, "Christmas Eve", Fixed(12, 24)), CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "PT",
        name: "Portugal",
        days: &[
            NEW_YEAR, GOOD_FRIDAY, off("Freedom Day", Fixed(4, 25)), MAY_DAY, CORPUS_CHRISTI, off("Portugal Day", Fixed(6, 10)),
            ASSUMPTION, off("Republic Day", Fixed(10, 5)), ALL_SAINTS, off("Restoration of Independence", Fixed(12, 1)), IMMACULATE,
            CHRISTMAS,
        ],
    },
    Nation {
        code: "RO",
        name: "Romania",
        days: &[
            NEW_YEAR, off("Day after New Year's Day", Fixed(1, 2)), since(2024, "Epiphany", Fixed(1, 6)),
            since(2024, "Saint John's Day", Fixed(1, 7)), off("Unification Day", Fixed(1, 24)), off("Good Friday", Orthodox(-2)),
            off("Easter Monday", Orthodox(1)), MAY_DAY, off("Children's Day", Fixed(6, 1)), off("Whit Monday", Orthodox(50)), ASSUMPTION,
            off("Saint Andrew's Day", Fixed(11, 30)), off("National Day", Fixed(12, 1)), CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "SE",
        name: "Sweden",
        days: &[
            NEW_YEAR, EPIPHANY, GOOD_FRIDAY, EASTER_MONDAY, MAY_DAY, ASCENSION, off("National Day", Fixed(6, 6)),
            off("Midsummer Eve", From(Fri, 6, 19)), off("Midsummer Day", From(Sat, 6, 20)), off("All Saints' Day", From(Sat, 10, 31)),
            CHRISTMAS_EVE, CHRISTMAS, SECOND_CHRISTMAS, NEW_YEARS_EVE,
        ],
    },
    Nation {
        code: "SK",
        name: "Slovakia",
        days: &[
            NEW_YEAR, EPIPHANY, GOOD_FRIDAY, EASTER_MONDAY, MAY_DAY, until(2025, "Victory Day", Fixed(5, 8)),
            since(2027, "Victory Day", Fixed(5, 8)), off("Saints Cyril and Methodius Day", Fixed(7, 5)),
            off("National Uprising Day", Fixed(8, 29)), until(2023, "Constitution Day", Fixed(9, 1)),
            until(2025, "Our Lady of Sorrows", Fixed(9, 15)), since(2027, "Our Lady of Sorrows", Fixed(9, 15)), ALL_SAINTS,
            until(2024, "Freedom and Democracy Day", Fixed(11, 17)), CHRISTMAS_EVE, CHRISTMAS, SECOND_CHRISTMAS,
        ],
    },
    Nation {
        code: "TR",
        name: "Türkiye",
        days: &[
            NEW_YEAR, off("Ramadan Feast", Listed(RAMADAN_FEAST, 3)), off("Children's Day", Fixed(4, 23)), MAY_DAY,
            off("Youth and Sports Day", Fixed(5, 19)), off("Sacrifice Feast", Listed(SACRIFICE_FEAST, 4)),
            off("Democracy and National Unity Day", Fixed(7, 15)), off("Victory Day", Fixed(8, 30)), off("Republic Day", Fixed(10, 29)),
        ],
    },
    Nation {
        code: "US",
        name: "the United States",
        days: &[
            off("New Year's Day", Near(1, 1)), off("Martin Luther King Day", From(Mon, 1, 15)), off("Presidents' Day", From(Mon, 2, 15)),
            off("Memorial Day", From(Mon, 5, 25)), since(2021, "Juneteenth", Near(6, 19)), off("Independence Day", Near(7, 4)),
            off("Labor Day", From(Mon, 9, 1)), off("Columbus Day", From(Mon, 10, 8)), off("Veterans Day", Near(11, 11)),
            off("Thanksgiving", From(Thu, 11, 22)), off("Christmas Day", Near(12, 25)),
        ],
    },
];
