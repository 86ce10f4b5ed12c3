//! Instants as a calendar and a clock on the wall show them, at a given distance from UTC.
//!
//! Plain arithmetic: no table of time zones, no wording. Who shows a time knows the distance and the language.

use crate::time::Timestamp;

/// The farthest that a place's clock may stand from UTC, in minutes; more is taken as this. The widest in use are
/// −12:00 and +14:00.
pub const OFFSET_MAX_MIN: i16 = 18 * 60;

/// A day and a minute of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// The year; 0 is the one before 1.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl Civil {
    /// Reads `at` where clocks stand `offset_min` minutes before (east, positive) or behind UTC.
    ///
    /// The days are counted as in H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`:
    /// <https://howardhinnant.github.io/date_algorithms.html>.
    #[must_use]
    pub fn of(at: Timestamp, offset_min: i16) -> Self {
        let offset_min = i64::from(offset_min.clamp(-OFFSET_MAX_MIN, OFFSET_MAX_MIN));
        let minutes = at.0.div_euclid(60_000) + offset_min;
        let minute_of_day = minutes.rem_euclid(1_440);
        // Days since 0000-03-01: years that begin in March have their leap day at the end.
        let days = minutes.div_euclid(1_440) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8,
            hour: (minute_of_day / 60) as u8,
            minute: (minute_of_day % 60) as u8,
        }
    }
}

/// Returns the day of the week where clocks stand `offset_min` minutes from UTC: 0 is Sunday, 6 is Saturday.
#[must_use]
pub fn weekday(at: Timestamp, offset_min: i16) -> u8 {
    let offset_min = i64::from(offset_min.clamp(-OFFSET_MAX_MIN, OFFSET_MAX_MIN));
    let days = (at.0.div_euclid(60_000) + offset_min).div_euclid(1_440);
    // 1970-01-01 was a Thursday.
    (days.rem_euclid(7) + 4) as u8 % 7
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn civil(year: i64, month: u8, day: u8, hour: u8, minute: u8) -> Civil {
        Civil { year, month, day, hour, minute }
    }

    /// Seconds as `date -u +%s` gives them.
    const fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000)
    }

    #[test]
    fn known_instants_read_as_the_calendar_has_them() {
        assert_eq!(Civil::of(at(0), 0), civil(1970, 1, 1, 0, 0));
        assert_eq!(Civil::of(at(951_782_400), 0), civil(2000, 2, 29, 0, 0));
        assert_eq!(Civil::of(at(1_795_269_900), 0), civil(2026, 11, 21, 14, 5));
        assert_eq!(Civil::of(at(4_107_542_400), 0), civil(2100, 3, 1, 0, 0), "2100 has no leap day");
        assert_eq!(Civil::of(at(-1), 0), civil(1969, 12, 31, 23, 59));
        assert_eq!(Civil::of(at(-62_135_596_800), 0), civil(1, 1, 1, 0, 0));
    }

    #[test]
    fn a_clock_east_of_utc_shows_more() {
        let new_year = at(1_798_758_000); // 2026-12-31T23:00:00Z
        assert_eq!(Civil::of(new_year, 60), civil(2027, 1, 1, 0, 0));
        assert_eq!(Civil::of(new_year, -210), civil(2026, 12, 31, 19, 30));
        assert_eq!((weekday(new_year, 0), weekday(new_year, 60)), (4, 5));
        assert_eq!(weekday(at(0), 0), 4);
        assert_eq!(weekday(at(-1), 0), 3);
    }

    #[test]
    fn no_instant_and_no_offset_is_too_much() {
        for at in [Timestamp(i64::MIN), Timestamp(i64::MAX)] {
            for offset in [i16::MIN, i16::MAX] {
                let civil = Civil::of(at, offset);
                assert!((1..=12).contains(&civil.month) && (1..=31).contains(&civil.day));
                assert!(weekday(at, offset) < 7);
            }
        }
    }

    proptest! {
        #[test]
        fn a_day_later_is_the_next_day(seconds in -100_000_000_000_i64..100_000_000_000, offset in -840_i16..=840) {
            let (today, tomorrow) = (Civil::of(at(seconds), offset), Civil::of(at(seconds + 86_400), offset));
            let leap = today.year % 4 == 0 && (today.year % 100 != 0 || today.year % 400 == 0);
            let length = match today.month {
                2 => 28 + u8::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let next = match (today.day == length, today.month) {
                (false, _) => Civil { day: today.day + 1, ..today },
                (true, 12) => Civil { year: today.year + 1, month: 1, day: 1, ..today },
                (true, _) => Civil { month: today.month + 1, day: 1, ..today },
            };
            prop_assert_eq!(tomorrow, next);
            prop_assert_eq!(weekday(at(seconds + 86_400), offset), (weekday(at(seconds), offset) + 1) % 7);
        }
    }
}
