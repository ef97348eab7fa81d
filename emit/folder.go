package emit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// ManifestName is the file that describes an emitted folder.
const ManifestName = "manifest.json"

// Manifest says what an emitted folder is: the design point, the network's shape and the
// claims that verification holds it to.
type Manifest struct {
	Tool   string         `json:"tool"`
	Hash   string         `json:"design_hash"`
	Model  configs.Model  `json:"model"`
	Design configs.Design `json:"design"`
	Full   int            `json:"full_images"`      // images with vectors of every op
	Ops    []ManifestOp   `json:"ops"`              // in network order; the last is the store of the result
	NoHLS  string         `json:"no_hls,omitempty"` // why the HLS tool could not take the design
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

// Manifest describes the plan's folder.
func (p *Plan) Manifest(full int) Manifest {
	m := Manifest{Tool: "vitdse " + Version, Hash: p.Hash, Model: p.Net.Model, Design: p.Shape.Design, Full: full}
	cycles := p.Shape.Timeline(hwmodel.IdealMemory, 1)[0]
	for i, op := range p.index.ops {
		m.Ops = append(m.Ops, ManifestOp{op.Name, op.Kind.String(), op.Heads, op.Rows, op.Cols, cycles[i]})
	}
	m.Ops = append(m.Ops, ManifestOp{Name: hwmodel.StoreName, Kind: "store", Cycles: cycles[len(cycles)-1]})
	if err := p.HLSCheck(); err != nil {
		m.NoHLS = err.Error()
	}
	return m
}

// Files is everything of the folder but the vectors: the rendered templates, tables and
// program, the memory image, the design point and the manifest.
func (p *Plan) Files(part configs.Part, full int) ([]File, error) {
	files, err := p.Render(part, full)
	if err != nil {
		return nil, err
	}
	manifest, err := json.MarshalIndent(p.Manifest(full), "", "  ")
	if err != nil {
		return nil, err
	}
	if p.HLSCheck() == nil { // else the folder has no hls/, and the manifest says why
		hls, err := p.HLSFiles(part, full)
		if err != nil {
			return nil, err
		}
		files = append(files, hls...)
	}
	design := fmt.Sprintf("# vitdse %s\n# design %s\n%s", Version, p.Hash, configs.MarshalDesign(p.Shape.Design))
	return append(files,
		File{"mem/stream.bin", p.stream},
		File{"design.yaml", []byte(design)},
		File{ManifestName, append(manifest, '\n')},
	), nil
}

// WriteFolder writes the files to dir, all or none: they are written beside it and moved
// into place. An existing dir is refused unless force is set, and then replaced.
func WriteFolder(dir string, files []File, force bool) (err error) {
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(dir); err == nil && !force {
		return fmt.Errorf("output folder %s exists; remove it, choose another or use --force", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".partial-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp) // a no-op once it has been moved
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(tmp, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	if force {
		if err := replaceable(dir); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return os.Rename(tmp, dir)
}

// replaceable refuses to delete a folder that this tool did not make.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, ManifestName)); err != nil {
		return fmt.Errorf("%s holds files but no %s: it was not emitted by this tool and is not replaced", dir, ManifestName)
	}
	return nil
}

// LoadManifest reads the manifest of an emitted folder.
func LoadManifest(dir string) (Manifest, error) {
	var m Manifest
	path := filepath.Join(dir, ManifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("%s is not an emitted folder: %w", dir, err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	if len(m.Hash) != 64 || len(m.Ops) == 0 {
		return m, fmt.Errorf("%s: design_hash or ops are missing; emit the folder again", path)
	}
	return m, nil
}
