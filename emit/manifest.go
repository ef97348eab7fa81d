package emit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/intnet"
	"vitdse/hwmodel"
)

// ManifestName is the file that describes an emitted folder.
const ManifestName = "manifest.json"

// Manifest says what an emitted folder is: the design point, the network's shape and the
// claims that verification holds it to. docs/MANIFEST.md describes the file.
type Manifest struct {
	Tool   string
	Hash   string // of the design, 64 hex digits
	Model  configs.Model
	Design configs.Design
	Part   configs.Part   // that the design is for, also where it is none of the tool's
	Full   int            // images with vectors of every op
	Ops    []ManifestOp   // in network order; the last is the store of the result
	NoHLS  string         // why the HLS tool could not take the design
	Files  []ManifestFile // all of the folder but the manifest, by path
	Sum    string         // SHA-256 of the manifest with "" here
}

// manifestSchema is the version of manifest.json.
const manifestSchema = 5

// manifestFile is manifest.json.
type manifestFile struct {
	Schema int                   `json:"schema"`
	Tool   string                `json:"tool"`
	Hash   string                `json:"design_hash"`
	Model  keyed[configs.Model]  `json:"model"`
	Design keyed[configs.Design] `json:"design"`
	Part   keyed[configs.Part]   `json:"part"`
	Full   int                   `json:"full_images"`
	Ops    []ManifestOp          `json:"ops"`
	NoHLS  string                `json:"no_hls,omitempty"`
	Files  []ManifestFile        `json:"files"`
	Sum    string                `json:"sha256"`
}

// ManifestFile is a file as it was emitted.
type ManifestFile struct {
	Path   string `json:"path"` // relative to the folder, with /
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// ManifestOp is one op with its predicted cycles, first image, ideal memory.
type ManifestOp struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Heads  int    `json:"heads"`
	Rows   int    `json:"rows"`
	Cols   int    `json:"cols"`
	Cycles int64  `json:"cycles"`
}

// NewManifest describes a folder, with the cycles of each op and of the store of the result.
func NewManifest(hash string, d configs.Design, part configs.Part, net *network.Network, cycles []int64) Manifest {
	m := Manifest{Tool: "vitdse " + Version, Hash: hash, Model: net.Model, Design: d, Part: part}
	for i, op := range net.Ops {
		m.Ops = append(m.Ops, ManifestOp{op.Name, op.Kind.String(), op.Heads, op.Rows, op.Cols, cycles[i]})
	}
	m.Ops = append(m.Ops, ManifestOp{Name: hwmodel.StoreName, Kind: "store", Cycles: cycles[len(cycles)-1]})
	return m
}

// Described are the files that say what a folder is: the integer network, the design point and the manifest.
func Described(m Manifest, net *intnet.Network) ([]File, error) {
	manifest, err := m.text()
	if err != nil {
		return nil, err
	}
	var numbers bytes.Buffer
	if err := net.EncodeNPZ(&numbers, m.Hash); err != nil {
		return nil, err
	}
	design := fmt.Sprintf("# vitdse %s\n# design %s\n%s", Version, m.Hash, configs.MarshalDesign(m.Design))
	return []File{{NetworkName, numbers.Bytes()}, {"design.yaml", []byte(design)}, {ManifestName, manifest}}, nil
}

// text is manifest.json.
func (m Manifest) text() ([]byte, error) {
	text, err := json.MarshalIndent(manifestFile{manifestSchema, m.Tool, m.Hash,
		keyed[configs.Model]{m.Model}, keyed[configs.Design]{m.Design},
		keyed[configs.Part]{m.Part}, m.Full, m.Ops, m.NoHLS, m.Files, m.Sum}, "", "  ")
	return append(text, '\n'), err
}

// parseManifest reads manifest.json, of this version only.
func parseManifest(data []byte) (Manifest, error) {
	var head struct {
		Schema int             `json:"schema"`
		Hash   string          `json:"design_hash"`
		Ops    json.RawMessage `json:"ops"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Manifest{}, errors.New("is no manifest of an emitted folder, which is a JSON object; emit the folder again")
	}
	if len(head.Hash) != 64 || len(head.Ops) == 0 || head.Schema == 0 {
		return Manifest{}, errors.New("schema, design_hash or ops are missing; emit the folder again")
	}
	if head.Schema != manifestSchema {
		return Manifest{}, fmt.Errorf("has schema %d, this version reads %d; emit the folder again",
			head.Schema, manifestSchema)
	}
	var f manifestFile
	if err := json.Unmarshal(data, &f); err != nil {
		return Manifest{}, err
	}
	return Manifest{f.Tool, f.Hash, f.Model.value, f.Design.value, f.Part.value, f.Full, f.Ops, f.NoHLS, f.Files,
		f.Sum}, nil
}

// sealed completes the manifest among files with the list of the others.
func sealed(files []File) ([]File, error) {
	files = slices.Clone(files)
	at := slices.IndexFunc(files, func(f File) bool { return f.Path == ManifestName })
	if at < 0 {
		return nil, fmt.Errorf("%s is not among the files", ManifestName)
	}
	m, err := parseManifest(files[at].Data)
	if err != nil {
		return nil, err
	}
	m.Files, m.Sum = nil, ""
	for i, f := range files {
		if i != at {
			m.Files = append(m.Files, ManifestFile{f.Path, int64(len(f.Data)), digest(f.Data)})
		}
	}
	slices.SortFunc(m.Files, func(a, b ManifestFile) int { return strings.Compare(a.Path, b.Path) })
	text, err := m.text()
	if err != nil {
		return nil, err
	}
	m.Sum = digest(text)
	files[at].Data, err = m.text()
	return files, err
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// LoadManifest reads the manifest of an emitted folder. One that is not, byte for byte, as it was
// written is refused.
func LoadManifest(dir string) (Manifest, error) {
	var m Manifest
	path := filepath.Join(dir, ManifestName)
	data, err := configs.ReadRegular(path, configs.MaxReadBytes)
	if err != nil {
		return m, fmt.Errorf("%s is not an emitted folder: %w", dir, err)
	}
	if m, err = parseManifest(data); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	blank := m
	blank.Sum = ""
	unsummed, err := blank.text()
	if err != nil {
		return m, err
	}
	if text, err := m.text(); err != nil || !bytes.Equal(text, data) || digest(unsummed) != m.Sum {
		return m, fmt.Errorf("%s: is not as it was written; emit the folder again", path)
	}
	return m, nil
}

// Changed lists the files of the folder that are not what was emitted; one that is missing is an error.
func (m Manifest) Changed(dir string) ([]string, error) {
	var changed []string
	for _, f := range m.Files {
		same, err := f.in(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is missing; emit the folder again", filepath.Join(dir, f.Path))
		}
		if err != nil {
			return nil, err
		}
		if !same {
			changed = append(changed, f.Path)
		}
	}
	return changed, nil
}

// in says whether the folder has the file as it was emitted.
func (f ManifestFile) in(dir string) (bool, error) {
	path := filepath.Join(dir, filepath.FromSlash(f.Path))
	info, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is no regular file (%s), as it was emitted; emit the folder again",
			path, info.Mode().Type())
	}
	if info.Size() != f.Bytes {
		return false, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == f.SHA256, nil
}
