//! Reading lists that come in pages.

use std::future::Future;

use super::error::{Error, Kind};

/// Most pages of one list; a list that does not end by then comes from a broken server.
const MAX_PAGES: u32 = 2000;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// How many items the whole list has, as far as the API says.
    pub total: Option<u64>,
}

/// Reads all pages with `fetch(offset, limit)`.
///
/// Neither the page size nor the total of the API is trusted alone: a short page ends the list unless the
/// total says that more follows (the API may allow fewer per page than asked for), an empty page always
/// does, and a total below what was already read is ignored.
///
/// # Errors
/// The error of `fetch`; [`Kind::Malformed`] if the list does not end.
pub async fn all<T, F>(limit: u64, mut fetch: impl FnMut(u64, u64) -> F) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<Page<T>, Error>>,
{
    let mut all = Vec::new();
    for _ in 0..MAX_PAGES {
        let page = fetch(all.len() as u64, limit).await?;
        let size = page.items.len() as u64;
        all.extend(page.items);
        let read = all.len() as u64;
        let ended = match page.total {
            _ if size == 0 => true,
            Some(total) if read < total => false,
            Some(total) if read == total => true,
            _ => size < limit,
        };
        if ended {
            return Ok(all);
        }
    }
    Err(Error::new(Kind::Malformed, format!("the list does not end after {MAX_PAGES} pages")))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Reads `0..count` from a server that gives at most `most` per page and claims `total`.
    async fn read(count: u64, most: u64, total: Option<u64>) -> (Vec<u64>, u32) {
        let calls = Cell::new(0);
        let items = all(10, |offset, limit| {
            calls.set(calls.get() + 1);
            let end = count.min(offset + limit.min(most));
            async move { Ok(Page { items: (offset.min(end)..end).collect(), total }) }
        })
        .await
        .unwrap();
        (items, calls.get())
    }

    #[tokio::test]
    async fn every_item_is_read_once_whatever_the_total_says() {
        for (count, most, total, calls) in [
            (0, 10, Some(0), 1),
            (0, 10, None, 1),
            (7, 10, Some(7), 1),
            (10, 10, Some(10), 1),
            (10, 10, None, 2),
            (25, 10, Some(25), 3),
            (25, 10, None, 3),
            // The server gives fewer per page than asked for.
            (25, 5, Some(25), 5),
            // The total is too low, or too high.
            (25, 10, Some(3), 3),
            (25, 10, Some(99), 4),
        ] {
            let (items, made) = read(count, most, total).await;
            assert_eq!(items, (0..count).collect::<Vec<_>>(), "{count} {most} {total:?}");
            assert_eq!(made, calls, "{count} {most} {total:?}");
        }
    }

    #[tokio::test]
    async fn a_list_without_end_is_an_error() {
        let error =
            all(1, |_, _| async { Ok(Page { items: vec![()], total: None }) }).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed);
    }
}
