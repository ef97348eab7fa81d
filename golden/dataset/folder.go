package dataset

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vitdse/configs"
)

// Folder is a folder of photographs, PNG or JPEG, read one at a time.
type Folder struct {
	Files  []string // in alphabetical order
	Labels []int    // one a file; nil if there are none
	Left   []string // files that look like images and are of a format that is not read, in alphabetical order
	model  configs.Model
}

// imageNames are the endings of the files that a folder's images have.
var imageNames = []string{".png", ".jpg", ".jpeg"}

// otherImages are endings of image files that are not read.
var otherImages = []string{".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".ppm", ".pgm",
	".npy", ".dng", ".jfif", ".jxl"}

// OpenFolder lists the images of a folder for a model. labels may name a file of lines
// "path class", paths relative to the folder. Without it, images in subfolders have the
// subfolder's class: its name if that is a number, otherwise its place in alphabetical
// order, which needs a subfolder for every class of the model. Images of other formats are listed in Left.
func OpenFolder(dir, labels string, m configs.Model) (*Folder, error) {
	f := &Folder{model: m}
	err := f.list(dir)
	switch {
	case err != nil:
		return nil, err
	case labels != "":
		err = f.readLabels(dir, labels)
	default:
		err = f.classFolders(dir)
	}
	return f, err
}

// list finds the images of a folder.
func (f *Folder) list(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("images %s: is no folder; give the folder of the images", dir)
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch ext := strings.ToLower(filepath.Ext(path)); {
		case err != nil || e.IsDir():
		case slices.Contains(imageNames, ext):
			f.Files = append(f.Files, path)
		case slices.Contains(otherImages, ext):
			f.Left = append(f.Left, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("images: %w", err)
	}
	if len(f.Files) == 0 {
		if f.Left != nil {
			return fmt.Errorf("images %s: no file ends in %s; %s and %d more are of other formats: convert them to PNG",
				dir, strings.Join(imageNames, ", "), f.Left[0], len(f.Left)-1)
		}
		return fmt.Errorf("images %s: no file ends in %s", dir, strings.Join(imageNames, ", "))
	}
	return nil
}

// Count is the number of images.
func (f *Folder) Count() int { return len(f.Files) }

// Read decodes image i and makes it an input of the model: H x W pixels with interleaved
// channels. The error names the file.
func (f *Folder) Read(i int) ([]uint8, error) {
	pixels, err := readPhoto(f.Files[i], f.model)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", f.Files[i], err)
	}
	return pixels, nil
}

// classFolders derives labels from subfolders, if the images are in any.
func (f *Folder) classFolders(dir string) error {
	var names []string
	of := make([]string, len(f.Files))
	for i, path := range f.Files {
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("images %s: %w", dir, err)
		}
		first, rest, _ := strings.Cut(rel, string(filepath.Separator))
		if rest == "" {
			first = ""
		}
		if of[i] = first; !slices.Contains(names, first) {
			names = append(names, first)
		}
	}
	if slices.Equal(names, []string{""}) {
		return nil
	}
	slices.Sort(names)
	if names[0] == "" {
		return fmt.Errorf("images %s: some images are in subfolders and some are not; "+
			"expected a subfolder for each class, or a file of labels", dir)
	}
	class, err := f.classes(dir, names)
	for _, name := range of {
		f.Labels = append(f.Labels, class[name])
	}
	return err
}

// classes numbers the subfolders.
func (f *Folder) classes(dir string, names []string) (map[string]int, error) {
	class := map[string]int{}
	for i, name := range names {
		n, err := strconv.Atoi(name)
		switch {
		case err != nil && len(names) == f.model.Classes:
			class[name] = i
		case err != nil:
			return nil, fmt.Errorf("images %s: has %d subfolders, %s among them; expected %d, one for each class of %s, "+
				"or numbers as names, or a file of labels",
				dir, len(names), name, f.model.Classes, f.model.Name)
		case n < 0 || n >= f.model.Classes:
			return nil, fmt.Errorf("images %s: subfolder %s: expected a class of %s, 0..%d",
				dir, name, f.model.Name, f.model.Classes-1)
		default:
			class[name] = n
		}
	}
	return class, nil
}

// readLabels reads lines "path class", in front of which there may be a header.
func (f *Folder) readLabels(dir, file string) error {
	r, _, err := configs.OpenRegular(file)
	if err != nil {
		return fmt.Errorf("labels: %w", err)
	}
	defer r.Close()
	at := map[string]int{}
	for i, path := range f.Files {
		at[filepath.Clean(path)] = i
		f.Labels = append(f.Labels, -1)
	}
	lines, first := bufio.NewScanner(r), true
	for line := 1; lines.Scan(); line++ {
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if text == "" {
			continue
		}
		cut := strings.LastIndexAny(text, " \t,")
		class, err := strconv.Atoi(text[cut+1:])
		header := first && err != nil && cut > 0 && !f.isImage(text[:cut])
		if first = false; header {
			continue
		}
		if cut < 0 || err != nil || class < 0 || class >= f.model.Classes {
			return fmt.Errorf("labels %s:%d: %q; expected a path and a class of %s, 0..%d",
				file, line, text, f.model.Name, f.model.Classes-1)
		}
		i, ok := at[filepath.Join(dir, strings.TrimSpace(text[:cut]))]
		if !ok {
			return fmt.Errorf("labels %s:%d: there is no image %q in %s", file, line, strings.TrimSpace(text[:cut]), dir)
		}
		f.Labels[i] = class
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("labels %s: %w", file, err)
	}
	if i := slices.Index(f.Labels, -1); i >= 0 {
		return fmt.Errorf("labels %s: has no line for %s", file, f.Files[i])
	}
	return nil
}

// isImage says whether a name is that of an image file: a line of labels that starts with one is no header.
func (f *Folder) isImage(name string) bool {
	ext := strings.ToLower(filepath.Ext(strings.TrimSpace(name)))
	return slices.Contains(imageNames, ext) || slices.Contains(otherImages, ext)
}
