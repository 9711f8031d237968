//! The sheet on which glomeruli and Golgi cells lie: one of each at every point, joined at the edges.

use super::golgi::Listeners;
use crate::rng::Stream;

/// Rows and columns of a sheet of `n` points, as square as its divisors allow.
fn shape(n: usize) -> (usize, usize) {
    let rows = (1..=n).take_while(|rows| rows * rows <= n).filter(|rows| n.is_multiple_of(*rows)).last().unwrap_or(1);
    (rows, n / rows)
}

/// The points within `reach` rows and columns of `point`, itself among them, without repetition.
fn near(n: usize, point: usize, reach: usize) -> Vec<u16> {
    let (rows, columns) = shape(n);
    let (row, column) = (point / columns, point % columns);
    let around = |at: usize, extent: usize| -> Vec<usize> {
        let wide = (2 * reach + 1).min(extent);
        (0..wide).map(|k| (at + extent + k - wide / 2) % extent).collect()
    };
    let columns_near = around(column, columns);
    let mut points: Vec<u16> = around(row, rows)
        .into_iter()
        .flat_map(|row| columns_near.iter().map(move |column| (row * columns + column) as u16))
        .collect();
    points.sort_unstable();
    points
}

/// Each point listens to a number of those within `reach`, `partners` on average (each neighbour alike likely).
pub(super) fn around(n: usize, reach: usize, partners: f64, stream: &mut Stream) -> Listeners {
    Listeners::draw(n, |point, found| {
        let neighbours = near(n, point, reach);
        let p = partners / neighbours.len() as f64;
        found.extend(neighbours.into_iter().filter(|_| stream.bernoulli(p)));
    })
}

/// Each point listens through `glomeruli` glomeruli, its own and the next along row and column, to the Golgi cells that
/// reach them: `partners` on average each, of those within 4 rows and columns. Who reaches two of them counts twice; the one
/// at the point itself counts besides `own` times on average, at least once where it counts at all.
pub(super) fn glomeruli(n: usize, partners: f64, glomeruli: usize, own: f64, stream: &mut Stream) -> Listeners {
    let reaching = around(n, 4, partners, stream);
    let (rows, columns) = shape(n);
    Listeners::draw(n, |point, found| {
        let (row, column) = (point / columns, point % columns);
        for k in 0..glomeruli {
            let glomerulus = (row + k / 2) % rows * columns + (column + k % 2) % columns;
            found.extend_from_slice(reaching.of(glomerulus));
        }
        let synapses = if own > 0.0 { stream.poisson(own).max(1) } else { 0 };
        found.extend(core::iter::repeat_n(point as u16, synapses as usize));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbourhood_wraps_around_the_edges() {
        assert_eq!(shape(1_024), (32, 32));
        assert_eq!(shape(32), (4, 8));
        assert_eq!(near(1_024, 0, 3).len(), 49);
        assert_eq!(near(16, 0, 1), [0, 1, 3, 4, 5, 7, 12, 13, 15]);
        assert_eq!(near(4, 0, 3), [0, 1, 2, 3]);
    }

    #[test]
    fn the_mean_number_of_partners_is_kept() {
        let listeners = around(1_024, 3, 2.45, &mut Stream::named(1, "test", 0));
        let pairs: usize = (0..1_024).map(|cell| listeners.of(cell).len()).sum();
        assert!((pairs as f64 / 1_024.0 - 2.45).abs() < 0.15);
    }
}
