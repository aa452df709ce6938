//! LAZ without a chunk table: a file that ends too early, or whose writer could not seek.
//!
//! Chunks follow one another, so they can be decoded from the first on. When all declared points
//! come out the file is good; else the error says how many did.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use laz::{LazItem, LazVlr};

use super::chunks::{TABLE_OFFSET, is_plausible};
use super::decode::{self, Coding, decode_point_wise, layered_head_length, layered_totals};
use super::filter::Filter;
use super::{PointFile, short_of_points};
use crate::formats::PointBlock;
use crate::{Error, FileProblem, Result};

impl PointFile {
    pub(super) fn read_without_table(
        &self,
        vlr: &LazVlr,
        mut file: File,
        filter: &Filter,
    ) -> Result<PointBlock> {
        let declared = self.header().declared_points;
        let start = self.preamble.points_start + TABLE_OFFSET;
        let length = self.preamble.file_length.saturating_sub(start);
        if !is_plausible(declared, length) {
            // Not worth decoding: whatever comes out, it is not all.
            let problem = FileProblem::truncated(
                format!("{declared} points déclarés en {length} octets"),
                format!("{declared} points are declared in {length} bytes"),
            );
            return Err(Error::file(&self.path, problem));
        }
        file.seek(SeekFrom::Start(start)).map_err(Error::read(&self.path))?;
        let input = BufReader::new(file);
        let mut block = self.empty_block();
        let done = match &self.layout.coding {
            Coding::Plain => 0,
            Coding::Layered { layers, .. } => self.layered_run(input, *layers, filter, &mut block),
            Coding::PointWise(items) => {
                self.point_wise_run(input, items, u64::from(vlr.chunk_size()), filter, &mut block)
            }
        };
        if done < declared {
            return Err(short_of_points(&self.path, done, declared));
        }
        Ok(block)
    }

    /// Number of points decoded.
    fn layered_run(
        &self,
        mut input: BufReader<File>,
        layers: usize,
        filter: &Filter,
        block: &mut PointBlock,
    ) -> u64 {
        let declared = self.header().declared_points;
        let record = self.layout.length;
        let head_length = layered_head_length(record, layers) as u64;
        let mut done = 0;
        while done < declared {
            let mut bytes = Vec::new();
            let read = |input: &mut BufReader<File>, length: u64, bytes: &mut Vec<u8>| {
                input.take(length).read_to_end(bytes).is_ok_and(|n| n as u64 == length)
            };
            if !read(&mut input, head_length, &mut bytes) {
                break;
            }
            let Some((points, rest)) = layered_totals(&bytes, record, layers) else { break };
            let points = points.min(declared - done);
            if points == 0
                || !read(&mut input, rest, &mut bytes)
                || decode::decode(&bytes, points, &self.layout, filter, block).is_err()
            {
                break;
            }
            done += points;
        }
        done
    }

    /// Number of points decoded.
    fn point_wise_run(
        &self,
        mut input: BufReader<File>,
        items: &[LazItem],
        chunk_size: u64,
        filter: &Filter,
        block: &mut PointBlock,
    ) -> u64 {
        let declared = self.header().declared_points;
        let mut done = 0;
        while done < declared {
            let points = chunk_size.min(declared - done);
            match decode_point_wise(input, points, items, &self.layout, filter, block) {
                Ok(rest) => {
                    input = rest;
                    done += points;
                }
                Err((decoded, _)) => return done + decoded,
            }
        }
        done
    }
}
