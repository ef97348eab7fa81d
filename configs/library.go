package configs

import (
	"embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"vitdse/configs/fault"
)

// library holds the parts and models that come with the tool.
//
//go:embed parts/*.yaml models/*.yaml published/*.yaml default-space.yaml
var library embed.FS

// Parts lists the names of the built-in parts, sorted.
func Parts() []string { return shelf("parts") }

// DefaultSpace is the space of a run that names none, default-space.yaml, on parts by their names or files.
func DefaultSpace(parts []string) (Space, error) {
	data, err := library.ReadFile(defaultSpace)
	if err != nil {
		panic(err) // the file is embedded
	}
	s, err := Decode[Space]("built-in "+defaultSpace, data)
	if err != nil {
		return Space{}, err
	}
	s.Parts = slices.Clone(parts)
	return s, s.Validate()
}

const defaultSpace = "default-space.yaml"

// Models lists the names of the built-in models, sorted.
func Models() []string { return shelf("models") }

// LoadPart reads a built-in part by name, or a part file by path. Anything with a
// path separator or ending in .yaml or .yml is a path.
func LoadPart(nameOrPath string) (Part, error) { return fromLibrary[Part]("parts", nameOrPath) }

// LoadModel reads a built-in model by name, or a model file by path, as LoadPart does.
func LoadModel(nameOrPath string) (Model, error) { return fromLibrary[Model]("models", nameOrPath) }

func fromLibrary[T any](folder, nameOrPath string) (T, error) {
	if isPath(nameOrPath) {
		return load[T](nameOrPath)
	}
	file := folder + "/" + nameOrPath + ".yaml"
	data, err := library.ReadFile(file)
	if err != nil {
		var zero T
		return zero, notInLibrary(folder, nameOrPath)
	}
	return Decode[T]("built-in "+file, data)
}

// notInLibrary names what there is instead.
func notInLibrary(folder, name string) error {
	thing := strings.TrimSuffix(folder, "s")
	have := shelf(folder)
	if best := nearest(name, have); best != "" {
		return fmt.Errorf("unknown %s %s; did you mean %q? There are %s, or give the path of a %s file",
			thing, quoted(name), best, list(have), thing)
	}
	return fmt.Errorf("unknown %s %s; there are %s, or give the path of a %s file",
		thing, quoted(name), list(have), thing)
}

// shelf lists the names in a folder of the library, sorted.
func shelf(folder string) []string {
	entries, err := library.ReadDir(folder)
	if err != nil {
		panic(err) // the folder is embedded
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// isPath tells a path from a name of the library.
func isPath(s string) bool {
	ext := filepath.Ext(s)
	return ext == ".yaml" || ext == ".yml" || strings.ContainsAny(s, `/\`)
}

// validName asks for a name, as fault.IsName has it.
func validName(f *faults, key, name string) {
	if !fault.IsName(name) {
		f.add(key, "is %s; expected %s", quoted(name), fault.Names)
	}
}
