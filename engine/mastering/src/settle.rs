//! The clashes of one folder's names, whatever a name is made of: numbered, in time linear in their number.
//!
//! Owns the numbering; must not know which characters a format allows, nor trees. Names are made when they are needed
//! and kept in one run, for a folder may hold a million.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::ops::Range;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// A name in two parts, in the character unit of its hierarchy (`u8` in ISO 9660, `u16` in Joliet).
/// Numbering changes the stem alone, so a clashing file keeps its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts<U> {
    pub(crate) stem: Vec<U>,
    /// Without its dot in ISO 9660, else with it.
    pub(crate) extension: Vec<U>,
    /// The most units that stem and extension may take together.
    pub(crate) limit: usize,
}

impl<U: Copy> Parts<U> {
    /// A name that is settled already.
    pub(crate) fn whole(stem: Vec<U>) -> Self {
        Self {
            limit: stem.len(),
            stem,
            extension: Vec::new(),
        }
    }

    /// Stem and extension, one behind the other.
    pub(crate) fn append_to(&self, out: &mut Vec<U>) {
        out.extend_from_slice(&self.stem);
        out.extend_from_slice(&self.extension);
    }
}

/// The names of one folder, none of which clashes with another, in the order in which they were given.
#[derive(Debug)]
pub(crate) struct Settled<U> {
    units: Vec<U>,
    places: Vec<Range<usize>>,
}

impl<U> Settled<U> {
    fn name(&self, at: u32) -> &[U] {
        let place = self.places.get(at as usize).cloned();
        place
            .and_then(|place| self.units.get(place))
            .unwrap_or_default()
    }

    /// The names.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &[U]> {
        let of = |place: &Range<usize>| self.units.get(place.clone()).unwrap_or_default();
        self.places.iter().map(of)
    }

    /// Puts a name in a place. What `make` leaves behind it is not kept.
    fn put(&mut self, at: u32, make: impl FnOnce(&mut Vec<U>)) {
        let start = self.units.len();
        make(&mut self.units);
        if let Some(place) = self.places.get_mut(at as usize) {
            *place = start..self.units.len();
        }
    }

    /// Takes the name out that was put in last.
    fn take_back(&mut self, at: u32) {
        if let Some(place) = self.places.get_mut(at as usize) {
            self.units.truncate(place.start);
            *place = 0..0;
        }
    }
}

/// Which names are taken, by their places.
struct Taken {
    places: HashTable<u32>,
    /// With a key of its own, for names can be chosen to meet in one place of the table.
    hasher: RandomState,
}

impl Taken {
    /// Whether the name in a place is the first of its kind; then it is taken.
    fn is_new<U: Hash + Eq>(&mut self, names: &Settled<U>, at: u32) -> bool {
        let own = names.name(at);
        let hash = |name: &[U]| self.hasher.hash_one(name);
        let entry = self.places.entry(
            hash(own),
            |other| names.name(*other) == own,
            |other| hash(names.name(*other)),
        );
        match entry {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(at);
                true
            }
        }
    }
}

/// Settles the clashes of `count` names of one folder. `parts` gives each by its position, the same each time; `cut`
/// shortens a stem to a number of units; `finish` makes of parts what must not clash. The first of equals keeps its name,
/// the others are numbered from 1.
///
/// Linear in the number of names: each prefix has a counter that never goes back, and a name can be made of no more
/// prefixes than it has units.
pub(crate) fn settle<U>(
    count: usize,
    parts: impl Fn(usize) -> Parts<U>,
    cut: impl Fn(&mut Vec<U>, usize),
    finish: impl Fn(&Parts<U>, &mut Vec<U>),
) -> Settled<U>
where
    U: Copy + Eq + Hash + From<u8>,
{
    let mut names = Settled {
        units: Vec::new(),
        places: vec![0..0; count],
    };
    let mut taken = Taken {
        places: HashTable::with_capacity(count),
        hasher: RandomState::new(),
    };
    let mut clashing = Vec::new();
    for at in 0..count as u32 {
        names.put(at, |out| finish(&parts(at as usize), out));
        if !taken.is_new(&names, at) {
            names.take_back(at);
            clashing.push(at);
        }
    }
    let mut counters: HashMap<Vec<U>, u64> = HashMap::new();
    let mut prefix_and_extension = Vec::new();
    for at in clashing {
        let mut parts = parts(at as usize);
        let room = parts.limit.saturating_sub(parts.extension.len());
        cut(&mut parts.stem, room.saturating_sub(6));
        let prefix = parts.stem.clone();
        // No name holds a zero.
        prefix_and_extension.clear();
        prefix_and_extension.extend_from_slice(&prefix);
        prefix_and_extension.push(U::from(0));
        prefix_and_extension.extend_from_slice(&parts.extension);
        let mut number = counters.get(&prefix_and_extension).copied().unwrap_or(0);
        loop {
            number += 1;
            let digits = number.to_string();
            parts.stem.clone_from(&prefix);
            cut(&mut parts.stem, room.saturating_sub(digits.len()));
            parts.stem.extend(digits.bytes().map(U::from));
            names.put(at, |out| finish(&parts, out));
            if taken.is_new(&names, at) {
                break;
            }
            names.take_back(at);
        }
        match counters.get_mut(&prefix_and_extension) {
            Some(counter) => *counter = number,
            None => {
                counters.insert(prefix_and_extension.clone(), number);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn parts(name: &str) -> Parts<u8> {
        let (stem, extension) = name.split_at(name.rfind('.').unwrap_or(name.len()));
        let mut stem = stem.as_bytes().to_vec();
        stem.truncate(8);
        Parts {
            stem,
            extension: extension.as_bytes().to_vec(),
            limit: 12,
        }
    }

    fn settled(names: &[String]) -> Vec<String> {
        let parts = |at: usize| parts(&names[at]);
        settle(names.len(), parts, Vec::truncate, Parts::append_to)
            .iter()
            .map(|name| String::from_utf8(name.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn the_first_keeps_its_name_and_numbers_that_are_names_are_passed_over() {
        let names = ["same.tx", "same.tx", "same1.tx", "same.tx"].map(str::to_owned);
        assert_eq!(
            settled(&names),
            ["same.tx", "sam1.tx", "same1.tx", "sam2.tx"]
        );
        let names = ["a", "a", "a1", "a", "b"].map(str::to_owned);
        assert_eq!(settled(&names), ["a", "a2", "a1", "a3", "b"]);
        assert_eq!(settled(&[]), [""; 0]);
    }

    #[test]
    fn numbers_grow_beyond_the_room_that_is_first_left_for_them() {
        let names = vec!["a long name.txt".to_owned(); 3000];
        let settled = settled(&names);
        assert_eq!(settled[0], "a long n.txt");
        assert_eq!(settled[2999], "a 2999.txt");
        assert_eq!(settled.iter().collect::<HashSet<_>>().len(), 3000);
    }

    /// Asks how often a name is made, for the time itself says little.
    #[test]
    fn what_each_name_costs_does_not_grow_with_their_number() {
        let most_for_each = |count: usize, name: &dyn Fn(usize) -> String| {
            let made = std::cell::Cell::new(0_usize);
            let counted = |parts: &Parts<u8>, out: &mut Vec<u8>| {
                made.set(made.get() + 1);
                parts.append_to(out);
            };
            let settled = settle(count, |at| parts(&name(at)), Vec::truncate, counted);
            assert_eq!(settled.iter().collect::<HashSet<_>>().len(), count);
            made.get().div_ceil(count)
        };
        assert!(most_for_each(50_000, &|at| format!("the same beginning {at}.dat")) <= 2);
        // Every number is a name already.
        let numbers = |at: usize| match at {
            0..25_000 => format!("b{at}"),
            _ => "b".to_owned(),
        };
        assert!(most_for_each(50_000, &numbers) <= 3);
        // Prefixes that are one another with digits behind.
        let nested = |at: usize| format!("c{}", "1".repeat(at % 8));
        assert!(most_for_each(50_000, &nested) <= 10);
    }

    proptest! {
        #[test]
        fn settled_names_are_distinct_and_those_without_a_clash_are_as_they_were(
            names in proptest::collection::vec("[ab]{1,9}[1-3]{0,3}(\\.[ab]{1,2})?", 0..80)
        ) {
            let settled = settled(&names);
            prop_assert_eq!(settled.len(), names.len());
            prop_assert_eq!(settled.iter().collect::<HashSet<_>>().len(), names.len());
            let mut seen = HashSet::new();
            for (name, settled) in names.iter().zip(&settled) {
                let mut plain = Vec::new();
                parts(name).append_to(&mut plain);
                if seen.insert(plain.clone()) {
                    prop_assert_eq!(&plain, settled.as_bytes());
                }
            }
        }
    }
}
