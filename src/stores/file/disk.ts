import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'

/** An open file, as far as the store uses one. */
export interface DiskFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
  truncate(length: number): Promise<void>
  datasync(): Promise<void>
  sync(): Promise<void>
  stat(): Promise<{ size: number }>
  close(): Promise<void>
}

/** What the store asks of the file system: all that can fail or be cut short passes here, so that tests can make it. */
export interface Disk {
  open(path: string, flags: 'r' | 'r+' | 'w+' | 'wx+' | 'a+'): Promise<DiskFile>
  mkdir(path: string, options: { recursive: true }): Promise<string | undefined>
  readdir(path: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

export const nodeDisk: Disk = fs

/** Makes names in a directory survive a loss of power. Windows has no such call, and needs none. */
export async function syncDirectory(disk: Disk, path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await disk.open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Makes a directory, and those above it, in a way that survives a loss of power. */
export async function makeDirectory(disk: Disk, path: string): Promise<void> {
  const first = await disk.mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(disk, dirname(made))
}

/** A write may do less than it was asked to, as when the disk fills up: then the next one says why. */
export async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written)
    if (bytesWritten === 0) throw new Error('The file system wrote nothing')
    written += bytesWritten
  }
}
