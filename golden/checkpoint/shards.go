package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"
)

// maxIndex bounds an index file; that of a network of a thousand blocks has a megabyte.
const maxIndex = 64 << 20

// DecodeIndex reads the checkpoint of an index (model.safetensors.index.json): read
// returns the content of a shard, a file beside the index. Every tensor must be in the shard that the
// index gives for it, and no shard may hold another.
func DecodeIndex(name string, file []byte, read func(shard string) ([]byte, error)) (*Checkpoint, error) {
	return decodeIndex(name, file, read)
}

func decodeIndex(name string, file []byte, read func(shard string) ([]byte, error)) (*Checkpoint, error) {
	place, shards, err := parseIndex(file)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", name, err)
	}
	all := &Checkpoint{path: name, entries: map[string]entry{}, files: [][]byte{file}}
	var errs []error
	for _, shard := range shards {
		data, err := read(shard)
		if err != nil {
			errs = append(errs, fmt.Errorf("checkpoint %s: shard %s: %w", name, shard, err))
			continue
		}
		c, err := Decode(filepath.Join(filepath.Dir(name), shard), data)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all.files = append(all.files, data)
		for _, n := range c.Names() {
			if place[n] != shard {
				errs = append(errs, fmt.Errorf("checkpoint %s: shard %s holds tensor %s, which the index does not place there",
					name, shard, n))
				continue
			}
			all.entries[n] = c.entries[n]
			delete(place, n)
		}
		for _, n := range sorted(place) {
			if place[n] == shard {
				errs = append(errs, fmt.Errorf("checkpoint %s: tensor %s is not in shard %s, where the index places it",
					name, n, shard))
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return all, nil
}

// parseIndex returns the shard of every tensor, and the shards in order.
func parseIndex(file []byte) (place map[string]string, shards []string, err error) {
	if len(file) > maxIndex {
		return nil, nil, fmt.Errorf("is %d bytes long; an index has at most %d", len(file), maxIndex)
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(file, &index); err != nil {
		return nil, nil, fmt.Errorf("is not an index of safetensors shards: %w", err)
	}
	if len(index.WeightMap) == 0 {
		return nil, nil, errors.New("has no weight_map; expected an index of safetensors shards such as " + indexFile)
	}
	seen := map[string]bool{}
	for _, n := range sorted(index.WeightMap) {
		shard := index.WeightMap[n]
		if shard == "" || shard == "." || strings.ContainsAny(shard, `/\`) || !filepath.IsLocal(shard) {
			return nil, nil, fmt.Errorf("places tensor %s in %q; expected the name of a file beside the index", n, shard)
		}
		if !seen[shard] {
			seen[shard] = true
			shards = append(shards, shard)
		}
	}
	sort.Strings(shards)
	return index.WeightMap, shards, nil
}

func sorted(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
