module vitdse

go 1.26
