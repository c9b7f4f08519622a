//! A container for temporary values. A key is never reused, so that a late event finds nothing.

/// Identifies a value of a [`Slab`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    index: u32,
    generation: u32,
}

pub struct Slab<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub fn insert(&mut self, value: T) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push((0, None));
            self.places.len() as u32 - 1
        });
        let (generation, place) = &mut self.places[index as usize];
        *place = Some(value);
        Key { index, generation: *generation }
    }

    pub fn remove(&mut self, key: Key) -> Option<T> {
        let (generation, place) = &mut self.places[key.index as usize];
        let value = place.take_if(|_| *generation == key.generation)?;
        *generation = generation.wrapping_add(1);
        self.free.push(key.index);
        Some(value)
    }

    pub fn get(&self, key: Key) -> Option<&T> {
        let (generation, place) = &self.places[key.index as usize];
        place.as_ref().filter(|_| *generation == key.generation)
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let (generation, place) = &mut self.places[key.index as usize];
        place.as_mut().filter(|_| *generation == key.generation)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        let key = |index: usize, generation| Key { index: index as u32, generation };
        let places = self.places.iter().enumerate();
        places.filter_map(move |(index, (generation, place))| Some((key(index, *generation), place.as_ref()?)))
    }
}
