from papayad.main import main

main()
