// Checks a served log with golang.org/x/mod's sumdb/note and sumdb/tlog, which know nothing of us: the signature,
// the root of the entries, every tile, the inclusion of every entry, the consistency of every two kept checkpoints.
//
//	foreign URL VERIFIER-KEY
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	if len(os.Args) != 3 {
		fail("usage: foreign URL VERIFIER-KEY")
	}
	log := &served{url: strings.TrimSuffix(os.Args[1], "/") + "/"}
	verifier, err := note.NewVerifier(os.Args[2])
	check(err, "verifier key")

	tree := open(log.get("checkpoint"), verifier)
	leaves := log.leaves(tree.N)
	hashes := store(leaves)
	root, err := tlog.TreeHash(tree.N, hashes)
	check(err, "tree")
	if root != tree.Hash {
		fail("the entries have the root %v, the checkpoint has %v", root, tree.Hash)
	}
	tiles := log.checkTiles(tree.N, hashes)
	checkInclusion(tree, leaves, hashes)
	pairs := log.checkConsistency(tree, verifier)
	fmt.Printf("size %d, %d tiles, %d pairs of checkpoints\n", tree.N, tiles, pairs)
}

// open returns the tree that a signed checkpoint is of.
func open(text []byte, verifier note.Verifier) tlog.Tree {
	signed, err := note.Open(text, note.VerifierList(verifier))
	check(err, "checkpoint")
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("no checkpoint of %s: %q", verifier.Name(), signed.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err, "root")
	tree := tlog.Tree{N: size}
	if copy(tree.Hash[:], root) != len(tree.Hash) || len(root) != len(tree.Hash) {
		fail("a root of %d bytes", len(root))
	}
	return tree
}

// tilesOf returns the tiles of a tree; NewTiles has every width of those that are not full, and the widest is the last.
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for _, tile := range tlog.NewTiles(height, 0, size) {
		if last := len(tiles) - 1; last >= 0 && tiles[last].L == tile.L && tiles[last].N == tile.N {
			tiles[last] = tile
		} else {
			tiles = append(tiles, tile)
		}
	}
	return tiles
}

// store returns all hashes of the tree with these leaves.
func store(leaves []tlog.Hash) tlog.HashReaderFunc {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for n, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(n), leaf, reader)
		check(err, "hashes")
		stored = append(stored, more...)
	}
	return reader
}

// served is a log at an address; it is the tlog.TileReader of its tiles.
type served struct {
	url   string
	tiles map[string][]byte
}

func (log *served) get(path string) []byte {
	body, status := log.ask(path)
	if status != http.StatusOK {
		fail("%s is answered with %d", path, status)
	}
	return body
}

func (log *served) ask(path string) ([]byte, int) {
	response, err := http.Get(log.url + path)
	check(err, path)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(err, path)
	return body, response.StatusCode
}

func (log *served) leaves(size int64) []tlog.Hash {
	var leaves []tlog.Hash
	for _, tile := range tilesOf(size) {
		if tile.L != 0 {
			continue
		}
		bundle := log.get(strings.Replace(path(tile), "tile/0/", "tile/entries/", 1))
		for n := 0; n < tile.W; n++ {
			length := int(binary.BigEndian.Uint16(bundle))
			leaves = append(leaves, tlog.RecordHash(bundle[2:2+length]))
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 {
			fail("%d bytes more than entries in a bundle", len(bundle))
		}
	}
	return leaves
}

func (log *served) checkTiles(size int64, hashes tlog.HashReader) int {
	log.tiles = map[string][]byte{}
	tiles := tilesOf(size)
	for _, tile := range tiles {
		expected, err := tlog.ReadTileData(tile, hashes)
		check(err, path(tile))
		log.tiles[path(tile)] = log.get(path(tile))
		if !bytes.Equal(log.tiles[path(tile)], expected) {
			fail("%s is not what the entries make", path(tile))
		}
	}
	return len(tiles)
}

func checkInclusion(tree tlog.Tree, leaves []tlog.Hash, hashes tlog.HashReader) {
	for n, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(n), hashes)
		check(err, "proof of inclusion")
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(n), leaf), fmt.Sprintf("inclusion of entry %d", n))
	}
}

func (log *served) checkConsistency(tree tlog.Tree, verifier note.Verifier) int {
	body, status := log.ask("checkpoints")
	if status == http.StatusNotFound {
		return 0
	}
	var kept []tlog.Tree
	for _, text := range split(string(body)) {
		// A log that was given up had another name, and another key.
		if strings.HasPrefix(text, verifier.Name()+"\n") {
			kept = append(kept, open([]byte(text), verifier))
		}
	}
	reader, pairs := tlog.TileHashReader(tree, log), 0
	for _, old := range kept {
		for _, newer := range kept {
			// What was signed since is of a tree that was not fetched.
			if 0 < old.N && old.N <= newer.N && newer.N <= tree.N {
				proof, err := tlog.ProveTree(newer.N, old.N, reader)
				check(err, "proof of consistency")
				check(tlog.CheckTree(proof, newer.N, newer.Hash, old.N, old.Hash), fmt.Sprintf("%d and %d", old.N, newer.N))
				pairs++
			}
		}
	}
	return pairs
}

// split returns notes that stand one after another: each ends where a line after its signatures begins another.
func split(notes string) []string {
	var found []string
	var current strings.Builder
	signed := false
	for _, line := range strings.SplitAfter(notes, "\n") {
		if signed && !strings.HasPrefix(line, "— ") {
			found, signed = append(found, current.String()), false
			current.Reset()
		}
		signed = strings.HasPrefix(line, "— ")
		current.WriteString(line)
	}
	return found
}

func (log *served) Height() int { return height }

func (log *served) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for i, tile := range tiles {
		body, known := log.tiles[path(tile)]
		if !known {
			// Of a smaller tree: the beginning of a tile that has grown since.
			for name, wider := range log.tiles {
				if prefix := strings.Split(path(tile), ".p/")[0]; name == prefix || strings.HasPrefix(name, prefix+".p/") {
					body = wider
				}
			}
		}
		found[i] = body[:tile.W*tlog.HashSize]
	}
	return found, nil
}

func (log *served) SaveTiles([]tlog.Tile, [][]byte) {}

// path is the address of a tile by C2SP, which leaves out the height.
func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func check(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func fail(format string, what ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", what...)
	os.Exit(1)
}
