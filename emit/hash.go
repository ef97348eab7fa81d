package emit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// NoHash stands in the place of a design's hash while it is computed: zeros.
var NoHash = strings.Repeat("0", 2*sha256.Size)

// HashOf is the identity of a plan: SHA-256 over the path, the length and the content of every file of the folder but
// the vectors, with NoHash where the hash will stand, which the files repeat, and for no images, whose number the
// harnesses show. So it covers design point, model with its constants, program, tables, memory image, RTL, HLS C++,
// drivers and scripts alike: equal hashes are equal folders, whatever images verify them. Vectors bear it too, and are
// in the manifest's list with a checksum of their own, as all files are.
func HashOf(files []File) string {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n", f.Path, len(f.Data))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}
