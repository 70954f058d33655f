/** Screenshots of one size as one animated PNG: their pixels are taken as the browser compressed them. */
import { crc32 } from 'node:zlib';

export interface Frame {
  readonly png: Buffer;
  readonly ms: number;
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function readChunks(png: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let place = signature.length; place < png.length; ) {
    const length = png.readUInt32BE(place);
    const type = png.toString('latin1', place + 4, place + 8);
    chunks.push({ type, data: png.subarray(place + 8, place + 8 + length) });
    place += length + 12;
  }
  return chunks;
}

function write({ type, data }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([toUInt32(data.length), body, toUInt32(crc32(body))]);
}

function toUInt32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The whole of the picture, shown for so long. */
function toControl(header: Buffer, sequence: number, ms: number): Chunk {
  const data = Buffer.alloc(26);
  data.writeUInt32BE(sequence);
  header.copy(data, 4, 0, 8);
  data.writeUInt16BE(ms, 20);
  data.writeUInt16BE(1_000, 22);
  return { type: 'fcTL', data };
}

export function toAnimation(frames: readonly Frame[]): Buffer {
  const header = readChunks(frames[0]?.png ?? signature).find(({ type }) => type === 'IHDR')?.data;
  if (!header) throw new Error('there is no picture');
  const count = Buffer.concat([toUInt32(frames.length), toUInt32(0)]);
  let sequence = 0;
  const pixels = frames.flatMap(({ png, ms }, place) => {
    const own = readChunks(png).filter(({ type }) => type === 'IDAT');
    const control = toControl(header, sequence++, ms);
    if (place === 0) return [control, ...own];
    const later = own.map(({ data }) => ({
      type: 'fdAT',
      data: Buffer.concat([toUInt32(sequence++), data]),
    }));
    return [control, ...later];
  });
  const chunks = [
    { type: 'IHDR', data: header },
    { type: 'acTL', data: count },
    ...pixels,
    { type: 'IEND', data: Buffer.alloc(0) },
  ];
  return Buffer.concat([signature, ...chunks.map(write)]);
}
