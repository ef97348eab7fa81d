package emit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"vitdse/configs"
)

// WriteFolder writes the files to dir, all or none: they are written beside it and moved into
// place. The manifest among them is completed with the list of the others. An existing dir that
// holds just these files stays as it is. Another is refused unless force is set; then it is replaced if
// all that is in it was written by this tool and has not been changed since, and refused with
// the names of the others if not.
func WriteFolder(dir string, files []File, force bool) (err error) {
	dir = filepath.Clean(dir)
	if files, err = sealed(files); err != nil {
		return err
	}
	if holds(dir, files) {
		return nil
	}
	if err := Replaceable(dir, force); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, unlock, err := partial(dir)
	if err != nil {
		return err
	}
	defer unlock()
	fresh, old := filepath.Join(tmp, "new"), filepath.Join(tmp, "old")
	for _, f := range files {
		path := filepath.Join(fresh, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}

// partial makes the folder beside dir in which it is written, and removes those that a killed process has left there:
// a living one holds a lock on its own.
func partial(dir string) (tmp string, unlock func(), err error) {
	prefix := "." + filepath.Base(dir) + ".partial-"
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		if left := filepath.Join(filepath.Dir(dir), e.Name()); e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			if f, err := locked(left); err == nil {
				os.RemoveAll(left)
				f.Close()
			}
		}
	}
	if tmp, err = os.MkdirTemp(filepath.Dir(dir), prefix); err != nil {
		return "", nil, err
	}
	f, err := locked(tmp)
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(tmp))
	}
	return tmp, func() {
		os.RemoveAll(tmp)
		f.Close()
	}, nil
}

// locked is the folder, open, with a lock that lasts until it is closed or the process ends.
func locked(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// holds says whether dir is the folder of these files, none of them changed.
func holds(dir string, files []File) bool {
	at := slices.IndexFunc(files, func(f File) bool { return f.Path == ManifestName })
	have, err := configs.ReadRegular(filepath.Join(dir, ManifestName), configs.MaxReadBytes)
	if err != nil || !bytes.Equal(have, files[at].Data) {
		return false
	}
	man, err := LoadManifest(dir)
	if err != nil {
		return false
	}
	changed, err := man.Changed(dir)
	return err == nil && len(changed) == 0
}

// Replaceable refuses a folder that WriteFolder would not replace.
func Replaceable(dir string, force bool) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !force:
		return fmt.Errorf("output folder %s exists; remove it, choose another or use --force", dir)
	case !info.IsDir():
		return fmt.Errorf("%s is no folder and is not replaced; move it away or choose another", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return err
	}
	man, err := LoadManifest(dir)
	if err != nil {
		return fmt.Errorf("%s holds files but no manifest of an emitted folder, and is not replaced: "+
			"move it away or choose another folder (%w)", dir, err)
	}
	foreign, err := man.foreign(dir)
	if err != nil {
		return err
	}
	if len(foreign) > 0 {
		return fmt.Errorf("%s holds what this tool did not write, or what was changed since: %s; "+
			"move that away, remove the folder or choose another",
			dir, few(foreign))
	}
	return nil
}

// made are what verify leaves in the folder and what its own Makefiles make, as path.Match has it; what ends in / is a
// folder with all in it.
var made = []string{
	"verified.json", "synthesized.json", "sim/build/harness-*", "sim/build/icarus.vvp", "sim/build/.vitdse-build-*/",
	"hls/build/csim-*", "hls/build/checked-*", "hls/build/.vitdse-build-*/", "syn/alone/engine.*",
	"syn/alone/vit_*_[0-9]*.*",
	"syn/yosys_stat.json", "syn/yosys_netlist.json", "syn/yosys.log", "syn/ecp5_yosys.log", "syn/ecp5.json",
	"syn/ecp5_stat.json",
	"syn/ecp5_seed*.json", "syn/ecp5_seed*.log", "syn/*.key", "syn/ecp5_seed*.json.part", "syn/ecp5_seed*.config",
	"syn/ecp5_seed*.bit", "driver/__pycache__/*.pyc",
}

// isMade says whether it is a file of those.
func isMade(name string) bool {
	return slices.ContainsFunc(made, func(pattern string) bool {
		folder, all := strings.CutSuffix(pattern, "/")
		if parts := strings.Split(name, "/"); all {
			n := strings.Count(pattern, "/")
			name = strings.Join(parts[:min(n, len(parts))], "/")
		}
		ok, _ := path.Match(folder, name)
		return ok
	})
}

// foreign lists what in the folder is neither as the manifest says nor made from that. Of the manifest's files some may
// be gone.
func (m Manifest) foreign(dir string) ([]string, error) {
	own, folders := map[string]bool{ManifestName: true}, map[string]bool{}
	var changed []string
	for _, f := range m.Files {
		if same, err := f.in(dir); !same && !errors.Is(err, fs.ErrNotExist) {
			changed = append(changed, f.Path)
		}
		own[f.Path] = true
	}
	for _, name := range append(slices.Collect(maps.Keys(own)), made...) {
		for at := path.Dir(strings.TrimSuffix(name, "/")); at != "."; at = path.Dir(at) {
			folders[at] = true
		}
	}
	var list []string
	err := filepath.WalkDir(dir, func(at string, e fs.DirEntry, err error) error {
		if err != nil || at == dir {
			return err
		}
		name, err := filepath.Rel(dir, at)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case isMade(name), folders[name] && e.IsDir(), own[name] && !slices.Contains(changed, name):
			return nil
		case e.IsDir():
			list = append(list, name+"/")
			return fs.SkipDir
		}
		list = append(list, name)
		return nil
	})
	return list, err
}

// few names the first of a list.
func few(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// NetworkName is the integer network in the folder, in the form of intnet.DecodeNPZ: what the design computes.
const NetworkName = "golden/network.npz"
